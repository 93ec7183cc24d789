"""`spec` answers without the CDK, and says what the CDK would say."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from connector_kit.source import AirbyteEntrypoint, ManifestSource

BOTH = pytest.mark.parametrize("package", ["source_talentics", "source_talentio"])


@BOTH
def test_spec_is_what_the_cdk_makes_of_the_manifest(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    from connector_kit.program import launch

    launch(package, ["spec"])
    entrypoint = AirbyteEntrypoint(ManifestSource(package))
    by_the_cdk = [json.loads(line) for line in entrypoint.run(AirbyteEntrypoint.parse_args(["spec"]))]
    assert json.loads(capsys.readouterr().out) == by_the_cdk[-1]


@BOTH
def test_spec_does_not_load_the_cdk(package: str) -> None:
    script = f"import sys; from {package}.__main__ import main; sys.argv[1:] = ['spec']; main(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    spec, modules = done.stdout.splitlines()
    assert json.loads(spec)["type"] == "SPEC"
    assert not {"airbyte_cdk", "requests", "pydantic"} & set(modules.split())
