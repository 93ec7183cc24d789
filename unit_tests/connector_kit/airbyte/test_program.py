"""`spec` and `discover` answer without the CDK, and say what the CDK would say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, ConnectorSpecification, Type

from connector_kit.airbyte.commands import Entrypoint
from connector_kit.airbyte.program import spec_message
from connector_kit.manifest import connection_specification
from connector_kit.source import ManifestSource
from unit_tests.support.vendors import TALENTICS, TALENTIO

BOTH = pytest.mark.parametrize("package", ["source_talentics", "source_talentio"])
CONFIGS = {vendor.package: vendor.credentials for vendor in (TALENTICS, TALENTIO)}


@BOTH
def test_spec_is_what_the_cdk_makes_of_the_manifest(package: str) -> None:
    entrypoint = AirbyteEntrypoint(ManifestSource(package))
    by_the_cdk = [json.loads(line) for line in entrypoint.run(AirbyteEntrypoint.parse_args(["spec"]))]
    assert spec_message(package) == by_the_cdk[-1]


@BOTH
def test_spec_does_not_load_the_cdk(package: str) -> None:
    script = f"import sys; from {package}.__main__ import main; sys.argv[1:] = ['spec']; main(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    spec, modules = done.stdout.splitlines()
    assert json.loads(spec)["type"] == "SPEC"
    assert not {"airbyte_cdk", "requests", "pydantic"} & set(modules.split())


@pytest.mark.slow
@BOTH
def test_the_help_has_the_programs_name_whatever_it_was_started_as(package: str) -> None:
    """The image has one name for both."""
    script = f"import sys; from {package}.__main__ import main; sys.argv[:] = ['/airbyte/connector', '--help']; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.startswith(f"usage: {package.replace('_', '-')} ")


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize("mode", ["keep", "hash", "drop"])
def test_discover_says_byte_for_byte_what_the_cdk_says(package: str, mode: str, tmp_path: Path) -> None:
    config = {**CONFIGS[package], "personal_data": mode, "personal_data_key": "a key of more than sixteen letters"}
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**config, "star_date": "2024-01-01"}), encoding="utf-8")
    program = [sys.executable, "-m", package]
    at_once = _lines([*program, "discover", "--config", str(path)])
    by_the_cdk = _lines([*program, "discover", f"--config={path}"])
    at_once, by_the_cdk = ([it for it in lines if "MemoryMonitor" not in it] for lines in (at_once, by_the_cdk))
    assert at_once == by_the_cdk
    assert [json.loads(line)["type"] for line in at_once] == ["LOG", "CATALOG"]


@BOTH
def test_discover_does_not_load_the_cdk(package: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(CONFIGS[package]), encoding="utf-8")
    arguments = ["discover", "--config", str(path)]
    script = f"import sys; from {package}.__main__ import main; sys.argv[1:] = {arguments}; main(); print(*sys.modules)"
    catalog, modules = _lines([sys.executable, "-c", script])
    assert json.loads(catalog)["type"] == "CATALOG"
    assert not {"airbyte_cdk", "requests", "pydantic"} & set(modules.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("[]", "is not a JSON object"),
        ("{}", "required, but missing or empty"),
        (None, "cannot be read"),
    ],
    ids=["empty", "list", "no field", "no file"],
)
def test_discover_says_what_is_wrong_with_the_config(text: str | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "source_talentio", "discover", "--config", str(path)],
        capture_output=True,
        encoding="utf-8",
    )
    trace = json.loads(done.stdout.splitlines()[-1])["trace"]["error"]
    assert done.returncode == 1
    assert trace["failure_type"] == "config_error"
    assert why in trace["message"]


def _lines(command: list[str]) -> list[str]:
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.splitlines()


def test_a_record_is_written_as_the_cdk_would_write_it(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {"id": 1, "name": "見本 😀", "memo": None, "stage": {"id": 2, "fixedAt": None}, "tags": [None, 1.5, True]}
    record = AirbyteMessage(
        type=Type.RECORD, record=AirbyteRecordMessage(stream="candidates", data=data, emitted_at=1700000000000)
    )
    entrypoint = Entrypoint(ManifestSource("source_talentio"))
    monkeypatch.setattr(entrypoint.source, "read", lambda *_: iter([record]))
    specification = ConnectorSpecification(connectionSpecification=connection_specification("source_talentio"))
    others = list(entrypoint.read(specification, {"access_token": "a-token"}, None, []))
    sys.stdout.flush()
    assert others == []
    assert capsysbinary.readouterr().out.splitlines()[-1].decode() == AirbyteEntrypoint.airbyte_message_to_string(
        record
    )
