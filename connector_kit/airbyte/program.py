"""Starts a source as a program: answers `spec` and `discover` at once, and imports airbyte-cdk for the others."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connector_kit.airbyte.config_file import read_config
from connector_kit.manifest import load_manifest
from connector_kit.process.exit import die_on_signal, exit_on_signal, write
from connector_kit.process.memory import freeze_imports, share_one_heap
from connector_kit.process.stdout import start


def launch(package: str, args: Sequence[str] | None = None) -> None:
    """Run a source as a program: `spec`, `check`, `discover` or `read`.

    Platforms ask every connector for its `spec` and its catalog again and again. The manifest and the schemas have the
    answers, so the CDK, which takes a second and 60 MB to import, is not needed for them.

    Args:
        package: the source's.
        args: the command line, without the program's name; by default the process's own.
    """
    start()
    if args is None:
        # The name in the help, however the program was started: the image has another, and `python -m` a file's.
        sys.argv[0] = package.replace("_", "-")
    arguments = list(sys.argv[1:] if args is None else args)
    with exit_on_signal(_report):
        if arguments == ["spec"]:
            _write([spec_message(package)])
            return
        config = None
        if arguments[:2] == ["discover", "--config"] and len(arguments) == 3:
            # Read once, as it may be a pipe.
            config = read_config(arguments[2])
            # What `mark` adds to the catalog depends on how the streams are read.
            if config.get("detect_deletions") != "mark":
                from connector_kit.airbyte.catalog import catalog_messages

                _write(catalog_messages(package, config))
                return
        share_one_heap()
        with die_on_signal(), freeze_imports():
            from connector_kit.airbyte import commands
        commands.run(package, arguments, config)


def _write(messages: Iterable[Mapping[str, Any]]) -> None:
    for message in messages:
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n"
        write(sys.stdout, line, flush=True)


def _report(error: BaseException) -> None:
    """Write a message of the protocol that says why the program failed."""
    try:
        from connector_kit.airbyte.commands import report
    except Exception as missing:  # noqa: BLE001 - the reason why it can't be imported is the first error as well
        message = f"The program cannot start: {missing}. Reinstall it with all of its dependencies."
        failure = {"message": message, "internal_message": repr(error), "failure_type": "system_error"}
        trace = {"type": "ERROR", "emitted_at": time.time_ns() // 1_000_000, "error": failure}
        write(sys.stdout, json.dumps({"type": "TRACE", "trace": trace}) + "\n")
    else:
        report(error)


def spec_message(package: str) -> dict[str, Any]:
    """Return the protocol's SPEC message, as the CDK makes it from the same manifest."""
    declared = load_manifest(package)["spec"]
    return {
        "type": "SPEC",
        "spec": {
            "connectionSpecification": declared["connection_specification"],
            "documentationUrl": declared["documentation_url"],
            "supportsNormalization": False,
            "supportsDBT": False,
        },
    }
