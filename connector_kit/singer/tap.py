"""The SDK's `Tap`, with an Airbyte source behind it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Stream, Tap
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers._catalog import get_selected_schema
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.mapper import PluginMapper
from singer_sdk.plugin_base import JSONSchemaValidator, _ConfigInput
from singer_sdk.singerlib import Catalog, StateMessage

from connector_kit.files import read_config_file
from connector_kit.manifest import DISTRIBUTION, connection_specification
from connector_kit.singer import states
from connector_kit.singer.inputs import read_bookmarks, read_catalog, with_replication_methods
from connector_kit.singer.output import MessageWriter, import_source
from connector_kit.singer.schemas import settings_schema
from connector_kit.singer.streams import ManifestStream

if TYPE_CHECKING:
    from pathlib import PurePath

    from connector_kit.singer.sync_run import SyncRun

# Stands for missing credentials in --discover, which does not need them. It is masked in the log like any other, so it
# is nothing that a log line would hold.
_PLACEHOLDER = "none-is-needed-to-discover"


class ManifestTap(Tap):
    """A tap over a source package, which subclasses name in `package`.

    airbyte-cdk is imported only where it is needed: the import takes seconds, and `--about` does without.
    """

    package: ClassVar[str]
    specification: ClassVar[dict[str, Any]]
    package_name = DISTRIBUTION
    message_writer_class = MessageWriter
    message_writer: MessageWriter

    def __init_subclass__(cls) -> None:
        cls.specification = connection_specification(cls.package)
        cls.config_jsonschema = settings_schema(cls.specification)

    def __init__(
        self,
        *,
        catalog: PurePath | str | dict[str, Any] | Catalog | None = None,
        **arguments: Any,
    ) -> None:
        if isinstance(catalog, Mapping) and not isinstance(catalog, Catalog):
            catalog = with_replication_methods(catalog)
        super().__init__(catalog=catalog, **arguments)

    # --- command line ----------------------------------------------------------------------------------------------

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command, but leave --catalog and --state as paths: `inputs` reads the files."""
        command = super().get_singer_command()
        for option in command.params:
            if option.name in ("catalog", "state"):
                option.type = click.STRING
        return command

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> _ConfigInput:  # noqa: ARG003
        config: dict[str, Any] = {}
        for path in value:
            if path != "ENV":
                # The SDK also reads numbers as Decimal, for the expressions of stream maps.
                config |= read_config_file(path, parse_float=Decimal)
        return _ConfigInput(config=config, parse_env="ENV" in value)

    @classmethod
    def invoke(  # type: ignore[override]  # paths where the SDK has open files
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: str | None = None,
        catalog: str | None = None,
    ) -> None:
        super(Tap, cls).invoke(about=about, about_format=about_format)
        cls.print_version(print_fn=cls.logger.info)
        config = config or _ConfigInput()
        tap = cls(
            config=config.config,
            parse_env_config=config.parse_env,
            catalog=read_catalog(catalog) if catalog else None,
            state={"bookmarks": read_bookmarks(state, cls.logger)} if state else None,
        )
        tap.sync_all()

    # --- settings ------------------------------------------------------------------------------------------------

    @property
    def source_config(self) -> dict[str, Any]:
        """The source's settings, without the SDK's own (stream maps, batches)."""
        return {name: value for name, value in self.config.items() if name in self.specification["properties"]}

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the SDK's own settings against their schema, and let the source check the others."""
        if not raise_errors:
            return []
        self.append_builtin_config(self.config_jsonschema)
        builtin = {
            "properties": {
                name: field
                for name, field in self.config_jsonschema["properties"].items()
                if name not in self.specification["properties"]
            }
        }
        errors = [
            f"{'.'.join(map(str, error.path))}: {_requirement(error.validator, error.validator_value)}"
            for error in JSONSchemaValidator(builtin).iter_errors(self._config)
        ]
        if errors:
            raise ConfigValidationError("Config validation failed", errors=errors, schema=builtin)
        import_source()
        from airbyte_cdk.utils.traced_exception import AirbyteTracedException

        from connector_kit.settings import Settings

        try:
            Settings.from_config(self.source_config, self.specification)
        except AirbyteTracedException as error:
            raise ConfigValidationError("Config validation failed", errors=[str(error.message)]) from None
        self._hide_secrets()
        return []

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805
        """Return the settings in the environment; an empty variable counts as unset.

        The SDK's own message for an unreadable one would quote the value, which may be a secret.
        """
        cls.append_builtin_config(cls.config_jsonschema)
        # Without properties, this only loads a .env file into the environment.
        parse_environment_config({}, cls._env_var_prefix)
        config: dict[str, Any] = {}
        for name, field in cls.config_jsonschema["properties"].items():
            if not os.environ.get(cls._env_var_prefix + name.upper()):
                continue
            try:
                config |= parse_environment_config({"properties": {name: field}}, cls._env_var_prefix)
            except ValueError:
                message = f"{name}: {_requirement('type', field['type'])}"
                raise ConfigValidationError("Config validation failed", errors=[message]) from None
        return config

    def _hide_secrets(self) -> None:
        """Mask the credentials in the log, beside those of any other tap in this process."""
        from connector_kit.masking import mask_secrets

        mask_secrets(self.specification, self.source_config)

    # --- catalog -------------------------------------------------------------------------------------------------

    def discover_streams(self) -> Sequence[Stream]:
        source = import_source()
        from connector_kit.records.format import SINGER

        missing = {name: _PLACEHOLDER for name in self.specification["required"] if not self.config.get(name)}
        config = {**self.source_config, **missing}
        discovered = source.ManifestSource(self.package, config=config, record_format=SINGER).discover(
            source.logger, config
        )
        return [ManifestStream(self, stream, self.message_writer, self.read_alone) for stream in discovered.streams]

    @property
    def streams(self) -> dict[str, Stream]:
        """All streams of the source, as the catalog selects them.

        Raises:
            Refused: the catalog asks for a stream that does not exist.
        """
        is_first_call = self._streams is None
        streams = super().streams
        if is_first_call and self.input_catalog is not None:
            # Deselected streams may be unknown: the catalog may come from an older version.
            wanted = {name for name, entry in self.input_catalog.items() if entry.metadata.root.selected is not False}
            unknown = sorted(wanted - set(streams))
            if unknown:
                raise states.Refused(
                    f"The catalog asks for stream {', '.join(unknown)}, which this tap does not have. It has: "
                    f"{', '.join(streams)}. Create the catalog again with --discover, or correct the name."
                )
        return streams

    def setup_mapper(self) -> None:
        """Map by the source's schemas: those in the catalog may come from an older version or other settings."""
        self._mapper = PluginMapper(plugin_config=dict(self.config), logger=self.logger)
        for stream in self.streams.values():
            self.mapper.register_raw_stream_schema(
                stream.name, get_selected_schema(stream.name, stream.schema, stream.mask), stream.primary_keys
            )

    # --- state ---------------------------------------------------------------------------------------------------

    def load_state(self, state: dict[str, Any]) -> None:
        bookmarks = states.bookmarks_of(state)
        # The state of the deletions holds nothing that anybody needs once detect_deletions is off again.
        unknown = sorted(set(bookmarks) - set(self.streams) - {"deletions"})
        if unknown:
            raise states.Refused(
                f"The saved state names stream {', '.join(unknown)}, which this tap does not have. It has: "
                f"{', '.join(self.streams)}. Correct the name, or pass the state of this tap."
            )
        # A stream that is read in full gets no new bookmark, and an old one would be wrong after the read.
        self.state["bookmarks"] = {
            name: saved
            for name, saved in bookmarks.items()
            if name in self.streams and self._stream(name).is_incremental
        }

    @property
    def bookmarks(self) -> dict[str, Any]:
        """The bookmark of each stream that has one; what is changed here goes out with the next state."""
        bookmarks: dict[str, Any] = self.state["bookmarks"]
        return bookmarks

    def write_state(self) -> None:
        # The SDK's writer leaves out a state that is the same as the last one, also if records came between.
        self.message_writer.write_message(StateMessage(value=self.state))

    # --- runs ----------------------------------------------------------------------------------------------------

    def sync_all(self) -> None:  # type: ignore[misc]  # final to the SDK, which reads streams one after another
        """Read all selected streams at once, so that they share requests and limits."""
        selected = [stream for stream in self.streams.values() if stream.selected]
        if not selected:
            self.logger.warning(
                'The catalog selects no stream, so nothing is read. Set "selected": true in the metadata of the '
                "streams to read."
            )
        self._run(selected)

    def run_sync_dry_run(  # type: ignore[misc]  # final to the SDK, which reads streams one after another
        self, dry_run_record_limit: int | None = 1, streams: Iterable[Stream] | None = None
    ) -> bool:
        """Read a few records of each stream, to find out whether settings and permissions are right."""
        chosen = list(self.streams.values() if streams is None else streams)
        for stream in chosen:
            stream.selected = True
        self._run(chosen, dry_run_record_limit)
        return True

    def _run(self, streams: Iterable[Stream], record_limit: int | None = None) -> None:
        chosen = [self._stream(stream.name) for stream in streams]
        import_source()
        with self.message_writer.claimed_stdout():
            if chosen:
                self._make_run(chosen, record_limit).run()
            elif record_limit is None:
                self.write_state()

    def _make_run(self, streams: Sequence[ManifestStream], record_limit: int | None = None) -> SyncRun:
        from connector_kit.singer.sync_run import SyncRun

        return SyncRun(self.package, self.source_config, self.bookmarks, self.write_state, streams, record_limit)

    def read_alone(self, stream: ManifestStream) -> Iterable[dict[str, Any]]:
        """Read one stream by itself and return its records."""
        import_source()
        return self._make_run([stream]).records()

    def _stream(self, name: str) -> ManifestStream:
        stream = self.streams[name]
        if not isinstance(stream, ManifestStream):
            raise TypeError(f"{name}: not a stream of {self.package}")
        return stream

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        self.message_writer.end(signum)


def tap_class(package: str) -> type[ManifestTap]:
    """Return the tap class of a source package: `tap-talentio` for `source_talentio`."""
    name = package.replace("source_", "tap-")
    title = connection_specification(package)["title"]
    about = f"{title} for Singer: the same streams, requests and promises as {package.replace('_', '-')}."
    return type(title, (ManifestTap,), {"__doc__": about, "name": name, "package": package})


def _requirement(rule: object, value: Any) -> str:
    """Return what a JSON schema's `rule` asks of a setting, without showing the setting's value."""
    if rule == "type":
        kinds = [value] if isinstance(value, str) else value
        return f"must be of type {' or '.join(kind for kind in kinds if kind != 'null')}"
    if rule == "enum":
        return f"must be one of {', '.join(map(str, value))}"
    return f"does not match its description in --about ({rule})"
