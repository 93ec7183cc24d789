"""`spec` answers without the CDK, and says what the CDK would say."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import AirbyteMessage, AirbyteRecordMessage, ConnectorSpecification, Type

from connector_kit.airbyte.commands import Entrypoint
from connector_kit.airbyte.program import spec_message
from connector_kit.manifest import connection_specification
from connector_kit.source import ManifestSource

BOTH = pytest.mark.parametrize("package", ["source_talentics", "source_talentio"])


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


@BOTH
def test_the_help_has_the_programs_name_whatever_it_was_started_as(package: str) -> None:
    """The image has one name for both."""
    script = f"import sys; from {package}.__main__ import main; sys.argv[:] = ['/airbyte/connector', '--help']; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.startswith(f"usage: {package.replace('_', '-')} ")


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
