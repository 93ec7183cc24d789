"""What the programs of both sources start: `spec` by itself and at once, every other command with airbyte-cdk."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from connector_kit.manifest import load_manifest
from connector_kit.process.exit import die_on_signal, exit_on_signal, write
from connector_kit.process.gc import freeze_imports
from connector_kit.process.stdout import start


def launch(package: str, args: Sequence[str] | None = None) -> None:
    """Run a source as a program: `spec`, `check`, `discover` or `read`.

    Platforms ask every connector for its `spec` again and again, and the answer stands in the manifest: the CDK, whose
    import takes seconds and 80 MB, is left out of it.
    """
    start()
    arguments = list(sys.argv[1:] if args is None else args)
    with exit_on_signal(_tell):
        if arguments == ["spec"]:
            line = json.dumps(spec_message(package), ensure_ascii=False, separators=(",", ":")) + "\n"
            write(sys.stdout, line, flush=True)
            return
        with die_on_signal(), freeze_imports():
            from connector_kit.airbyte import commands
        commands.run(package, arguments)


def _tell(error: BaseException) -> None:
    """Say in the protocol why the program ends."""
    try:
        from connector_kit.airbyte.commands import tell
    except Exception as missing:  # noqa: BLE001 - whatever keeps it from being imported was the first error, too
        told = f"The program cannot start: {missing}. Install it again, with all that it needs."
        failure = {"message": told, "internal_message": repr(error), "failure_type": "system_error"}
        trace = {"type": "ERROR", "emitted_at": time.time_ns() // 1_000_000, "error": failure}
        write(sys.stdout, json.dumps({"type": "TRACE", "trace": trace}) + "\n")
    else:
        tell(error)


def spec_message(package: str) -> dict[str, Any]:
    """The protocol's SPEC message, as the CDK makes it of the same manifest."""
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
