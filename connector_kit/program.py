"""What the programs of both sources start: `spec` by itself and at once, every other command with airbyte-cdk."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from connector_kit.garbage import nothing_but_what_stays
from connector_kit.manifest import load_manifest


def launch(package: str, args: Sequence[str] | None = None) -> None:
    """Run a source as a program: `spec`, `check`, `discover` or `read`.

    Platforms ask every connector for its `spec` again and again, and the answer stands in the manifest: the CDK, whose
    import takes seconds and 80 MB, is left out of it.
    """
    arguments = list(sys.argv[1:] if args is None else args)
    if arguments == ["spec"]:
        sys.stdout.write(json.dumps(spec_message(package), ensure_ascii=False, separators=(",", ":")) + "\n")
        return
    with nothing_but_what_stays():
        from connector_kit import commands

    commands.launch(package, arguments)


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
