"""A source package as a tap: the SDK's `Tap` with the source behind it."""

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
from singer_sdk.singerlib import Catalog

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

# Building the streams reads no value of these, so a catalog can be made before anybody has credentials.
_PLACEHOLDER = "-"


class ManifestTap(Tap):
    """A tap over a source package. Subclasses name the `package`.

    airbyte-cdk is imported only where it is needed: its import takes seconds, and `--about` needs none of it.
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
        """The SDK's options, with files that are read here: once, as UTF-8, and refused by their names."""
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
                # As the SDK reads numbers, for the expressions of stream maps.
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
        """The settings that are the source's; the SDK's own (stream maps, batches) mean nothing to it."""
        return {name: value for name, value in self.config.items() if name in self.specification["properties"]}

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """The SDK's own settings by their schema, the source's by the source, whose messages show no values."""
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
            f"{'.'.join(map(str, error.path))}: {_wanted(error.validator, error.validator_value)}"
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
        """The settings that the environment has; an empty variable counts as unset.

        The SDK's own words for one that can't be read quote the value, which may be a secret.
        """
        cls.append_builtin_config(cls.config_jsonschema)
        # Only puts what a file .env has into the environment.
        parse_environment_config({}, cls._env_var_prefix)
        config: dict[str, Any] = {}
        for name, field in cls.config_jsonschema["properties"].items():
            if not os.environ.get(cls._env_var_prefix + name.upper()):
                continue
            try:
                config |= parse_environment_config({"properties": {name: field}}, cls._env_var_prefix)
            except ValueError:
                wrong = f"{name}: {_wanted('type', field['type'])}"
                raise ConfigValidationError("Config validation failed", errors=[wrong]) from None
        return config

    def _hide_secrets(self) -> None:
        from airbyte_cdk.utils.airbyte_secrets_utils import get_secrets, update_secrets

        update_secrets(get_secrets(self.specification, self.source_config))

    # --- catalog -------------------------------------------------------------------------------------------------

    def discover_streams(self) -> Sequence[Stream]:
        source = import_source()
        missing = {name: _PLACEHOLDER for name in self.specification["required"] if not self.config.get(name)}
        config = {**self.source_config, **missing}
        discovered = source.ManifestSource(self.package, config=config).discover(source.logger, config)
        return [ManifestStream(self, stream, self.message_writer, self.read_alone) for stream in discovered.streams]

    @property
    def streams(self) -> dict[str, Stream]:
        """All streams of the source, as the catalog selects them. Raises Refused for a stream that there isn't."""
        known = self._streams is not None
        streams = super().streams
        if not known and self.input_catalog is not None:
            # One that is expressly left out does no harm: it is of an older version, or of another mode.
            wanted = {name for name, entry in self.input_catalog.items() if entry.metadata.root.selected is not False}
            unknown = sorted(wanted - set(streams))
            if unknown:
                raise states.Refused(
                    f"The catalog asks for stream {', '.join(unknown)}, which this tap does not have. It has: "
                    f"{', '.join(streams)}. Make the catalog anew with --discover, or correct the name."
                )
        return streams

    def setup_mapper(self) -> None:
        """By the source's schemas: those of a catalog may be those of an older version or of other settings."""
        self._mapper = PluginMapper(plugin_config=dict(self.config), logger=self.logger)
        for stream in self.streams.values():
            self.mapper.register_raw_stream_schema(
                stream.name, get_selected_schema(stream.name, stream.schema, stream.mask), stream.primary_keys
            )

    # --- state ---------------------------------------------------------------------------------------------------

    def load_state(self, state: dict[str, Any]) -> None:
        bookmarks = states.checked(state)
        unknown = sorted(set(bookmarks) - set(self.streams))
        if unknown:
            raise states.Refused(
                f"The saved state names stream {', '.join(unknown)}, which this tap does not have. It has: "
                f"{', '.join(self.streams)}. Correct the name, or pass the state of this tap."
            )
        # A stream that is read in full keeps no bookmark: one from before would outlive what it tells of.
        self.state["bookmarks"] = {
            name: saved for name, saved in bookmarks.items() if self._stream(name).is_incremental
        }

    @property
    def bookmarks(self) -> dict[str, Any]:
        """The bookmark of each stream that has one; what is put here goes out with the next state."""
        bookmarks: dict[str, Any] = self.state["bookmarks"]
        return bookmarks

    def write_state(self) -> None:
        self.state_writer.write_state(self.state)

    # --- runs ----------------------------------------------------------------------------------------------------

    def sync_all(self) -> None:  # type: ignore[misc]  # final to the SDK, which reads streams one after another
        """Read all selected streams in one go, so that they share requests and limits."""
        chosen = [stream for stream in self.streams.values() if stream.selected]
        if not chosen:
            self.logger.warning(
                'The catalog selects no stream, so nothing is read. Set "selected": true in the metadata of the '
                "streams to be read."
            )
        self._run(chosen)

    def run_sync_dry_run(  # type: ignore[misc]  # final to the SDK, which reads streams one after another
        self, dry_run_record_limit: int | None = 1, streams: Iterable[Stream] | None = None
    ) -> bool:
        """Read a little of each stream, which shows that settings and permissions are right."""
        chosen = list(self.streams.values() if streams is None else streams)
        for stream in chosen:
            stream.selected = True
        self._run(chosen, dry_run_record_limit)
        return True

    def _run(self, streams: Iterable[Stream], most: int | None = None) -> None:
        chosen = [self._stream(stream.name) for stream in streams]
        import_source()
        with self.message_writer.claimed_stdout():
            if chosen:
                self._sync_run(chosen, most).run()
            elif most is None:
                self.write_state()

    def _sync_run(self, streams: Sequence[ManifestStream], most: int | None = None) -> SyncRun:
        from connector_kit.singer.sync_run import SyncRun

        return SyncRun(self.package, self.source_config, self.bookmarks, self.write_state, streams, most)

    def read_alone(self, stream: ManifestStream) -> Iterable[dict[str, Any]]:
        """The records of one stream, read by itself."""
        import_source()
        return self._sync_run([stream]).records()

    def _stream(self, name: str) -> ManifestStream:
        stream = self.streams[name]
        if not isinstance(stream, ManifestStream):
            raise TypeError(f"{name}: not a stream of {self.package}")
        return stream

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        self.message_writer.end(signum)


def tap_class(package: str) -> type[ManifestTap]:
    """The tap of a source package: `source_talentio` gives `tap-talentio`."""
    name = package.replace("source_", "tap-")
    title = connection_specification(package)["title"]
    about = f"{title} for Singer: the same streams, requests and promises as {package.replace('_', '-')}."
    return type(title, (ManifestTap,), {"__doc__": about, "name": name, "package": package})


def _wanted(rule: object, value: Any) -> str:
    """What a JSON schema asks of a setting, without the setting's own value."""
    if rule == "type":
        kinds = [value] if isinstance(value, str) else value
        return f"must be of type {' or '.join(kind for kind in kinds if kind != 'null')}"
    if rule == "enum":
        return f"must be one of {', '.join(map(str, value))}"
    return f"does not fit its description in --about ({rule})"
