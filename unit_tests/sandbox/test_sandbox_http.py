"""The same over real connections: the server, its faults, the control endpoints and the program."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox import Running, Settings, VirtualClock, World, serve
from sandbox.cli import main, read_options, settings_from
from sandbox.faults import KINDS
from unit_tests.support.doc_pages import ROOT


@pytest.fixture
def sandbox() -> Iterator[Running]:
    with serve(Settings.for_size("small")) as running:
        yield running


@pytest.fixture
def talentio(sandbox: Running) -> Iterator[httpx.Client]:
    config = sandbox.configs["talentio"]
    headers = {"Authorization": f"Bearer {config['access_token']}"}
    with httpx.Client(base_url=config["base_url"], headers=headers, timeout=10) as client:
        yield client


def test_both_apis_answer_on_one_port(sandbox: Running, talentio: httpx.Client) -> None:
    config = sandbox.configs["talentics"]
    with httpx.Client(base_url=config["base_url"], auth=(config["app_id"], config["app_secret"])) as talentics:
        exams = talentics.get("/exams", params={"per_page": 2})
    assert exams.headers["X-RateLimit-Remaining"] == "49"
    assert exams.json()["links"]["next"] == f"{sandbox.origin}/talentics/v2/exams?page=2"
    candidates = talentio.get("/candidates")
    assert candidates.headers["X-Remaining"] == "4999"
    assert len(candidates.json()) == 100
    assert sandbox.world.log.summary()["total"] == 2


def test_a_connection_is_kept(talentio: httpx.Client) -> None:
    ports = {talentio.get("/channels").extensions["network_stream"].get_extra_info("client_addr")[1] for _ in range(3)}
    assert len(ports) == 1


def test_the_date_is_the_sandbox_clocks() -> None:
    clock = VirtualClock(1_700_000_000)
    world = World(Settings.for_size("small", date_skew=-120.0), clock)
    with serve(world=world) as running:
        answer = httpx.get(f"{running.origin}/talentio/api/v1/candidates")
        assert parsedate_to_datetime(answer.headers["Date"]).timestamp() == 1_700_000_000 - 120
        assert answer.headers.get_list("Date") == [answer.headers["Date"]]
        world.settings.date_header = False
        assert "Date" not in httpx.get(f"{running.origin}/talentio/api/v1/candidates").headers


def test_gzip_only_where_it_is_accepted(sandbox: Running, talentio: httpx.Client) -> None:
    sandbox.world.settings.compress = True
    packed = talentio.get("/channels")
    assert packed.headers["Content-Encoding"] == "gzip"
    plain = talentio.get("/channels", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.json() == packed.json()


def faults(sandbox: Running, *rules: str) -> None:
    httpx.post(f"{sandbox.control}/faults", json={"faults": list(rules)}).raise_for_status()


@pytest.mark.parametrize(
    ("fault", "error"), [("reset", httpx.ReadError), ("truncated", httpx.RemoteProtocolError), ("bomb=x", None)]
)
def test_broken_connections(
    sandbox: Running, talentio: httpx.Client, fault: str, error: type[Exception] | None
) -> None:
    if error is None:
        assert httpx.post(f"{sandbox.control}/faults", json={"faults": [fault]}).status_code == 400
        return
    faults(sandbox, f"{fault}:x1")
    with pytest.raises(error):
        talentio.get("/channels")
    assert talentio.get("/channels").status_code == 200
    assert httpx.get(f"{sandbox.control}/faults").json()[0]["hits"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        ("500", 500, b'{"message":"Server Error"}'),
        ("503", 503, b"<!DOCTYPE"),
        ("html", 200, b"<!DOCTYPE"),
        ("403-html", 403, b"<!DOCTYPE"),
        ("empty", 200, b"{}"),
        ("empty-data", 200, b'{"data":{}}'),
        ("null", 200, b"null"),
        ("bom", 200, b"\xef\xbb\xbf[{"),
        ("429=7", 429, b'{"message"'),
        ("redirect=http://127.0.0.1:1/x", 302, b""),
        ("deep=50", 200, b"[" * 50),
        ("huge=1", 200, b'[{"id":1},'),
        ("bomb=1", 200, b"[ "),
        ("slow=0.01", 200, b"[{"),
        ("drip=0", 200, b"[{"),
    ],
)
def test_wrong_answers(sandbox: Running, talentio: httpx.Client, fault: str, status: int, body: bytes) -> None:
    faults(sandbox, f"{fault}:*/channels")
    answer = talentio.get("/channels")
    assert (answer.status_code, answer.content[: len(body)]) == (status, body)
    assert talentio.get("/workspaces").json()[0]["id"]


@pytest.mark.parametrize(("fault", "status"), [("204", 204), ("no-body", 200)])
def test_answers_without_a_body(sandbox: Running, talentio: httpx.Client, fault: str, status: int) -> None:
    faults(sandbox, f"{fault}:*/channels")
    answers = [talentio.get("/channels") for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(status, b"")] * 2
    assert ("Content-Length" in answers[0].headers) is (status == 200)


def test_json_that_is_cut_and_a_page_that_comes_again(sandbox: Running, talentio: httpx.Client) -> None:
    first = talentio.get("/candidates").json()
    faults(sandbox, "same-page")
    assert talentio.get("/candidates", params={"page": 2}).json() == first
    faults(sandbox, "badjson")
    with pytest.raises(json.JSONDecodeError):
        talentio.get("/channels").json()


def test_control_reads_and_changes_without_being_counted(sandbox: Running, talentio: httpx.Client) -> None:
    control = httpx.Client(base_url=sandbox.control)
    assert "ticket_scores" in control.get("/data").json()["talentics"]
    before = control.get("/data/talentio/candidate_details").json()
    assert len(before) == 120
    assert len(control.get("/data/talentio/candidates", params={"lines": True}).text.splitlines()) == 120
    assert control.get("/data/talentio/nothing").status_code == 404

    order = {"created": 1, "updated": 2, "deleted": 1, "seed": 1, "kinds": ["candidates"]}
    changed = control.post("/change", json=order).json()
    after = {record["id"] for record in control.get("/data/talentio/candidate_details").json()}
    assert after - {record["id"] for record in before} == set(changed["created"]["candidates"])
    assert not after & set(changed["deleted"]["candidates"])

    new = control.post("/record", json={"do": "create", "kind": "workspaces", "fields": {"name": "新"}}).json()["id"]
    assert {"id": new, "name": "新"}.items() <= control.get("/data/talentio/workspaces").json()[-1].items()
    assert control.post("/record", json={"do": "delete", "kind": "workspaces", "id": 1}).status_code == 404

    assert control.get("/requests").json()["summary"]["total"] == 0
    talentio.get("/channels", params={"page": 1})
    logged = control.get("/requests").json()["requests"]
    assert [request["url"] for request in logged] == ["/talentio/api/v1/channels?page=1"]
    control.delete("/requests")
    assert control.get("/requests").json() == {
        "summary": {"total": 0, "distinct_urls": 0, "by_status": {}, "by_endpoint": {}},
        "requests": [],
    }
    control.close()


def test_control_sets_limits_settings_schedule_and_clock(sandbox: Running, talentio: httpx.Client) -> None:
    control = httpx.Client(base_url=sandbox.control)
    assert control.post("/limits", json={"talentio": "1/1h"}).status_code == 200
    assert [talentio.get("/channels").status_code for _ in range(2)] == [200, 429]
    control.post("/clock", json={"advance": 3600})
    assert talentio.get("/channels").status_code == 200
    control.post("/limits", json={"talentio": None})
    assert "X-Remaining" not in talentio.get("/channels").headers
    assert control.post("/limits", json={"talentio": "many"}).status_code == 400
    control.post("/settings", json={"answers": [["*/channels", 403]]})
    assert talentio.get("/channels").status_code == 403
    assert control.post("/settings", json={"seed": 2}).status_code == 400
    control.post("/schedule", json={"every_requests": 1})
    assert sandbox.world.settings.change_every_requests == 1
    control.close()


@pytest.mark.slow
def test_the_program_prints_a_way_in_and_serves(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox", "--json", "--no-limits", "--write-configs", str(tmp_path / "configs")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            start: dict[str, Any] = json.loads(process.stdout.readline())
            config = start["talentics"]
            answer = httpx.get(f"{config['base_url']}/jobs", auth=(config["app_id"], config["app_secret"]))
            assert len(answer.json()["data"]) == 3
            assert "X-RateLimit-Limit" not in answer.headers
            assert httpx.get(f"{start['control']}/requests").json()["summary"]["total"] == 1
            for source in ("talentics", "talentio"):
                path = tmp_path / "configs" / f"{source}.json"
                assert json.loads(path.read_text()) == start[source]
                assert stat.S_IMODE(path.stat().st_mode) == 0o600
        finally:
            process.terminate()


@pytest.mark.slow
def test_the_program_ends_with_its_input_only_if_told_to() -> None:
    command = [sys.executable, "-m", "sandbox", "--json"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([*command, "--until-input-ends"], cwd=ROOT, text=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        start = json.loads(process.stdout.readline())
        process.stdin.write("what is written there is nobody's\n")
        process.stdin.flush()
        assert httpx.get(f"{start['control']}/requests").status_code == 200
        process.stdin.close()
        assert process.wait(60) == 0

    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            start = json.loads(process.stdout.readline())
            assert httpx.get(f"{start['control']}/requests").status_code == 200
            assert process.poll() is None
        finally:
            process.terminate()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "not a loopback address"),
        (["--fault", "nonsense"], "is not a fault"),
        (["--answer", "403"], "--answer: '403' is not an answer; write STATUS:GLOB"),
        (["--answer", "99:*"], "--answer: '99:*' is not an answer; write STATUS:GLOB"),
        (["--date-skew", "nan"], "--date-skew: 'nan' is not a number of seconds"),
        (["--fault", "bad-utf8=256"], "the value of bad-utf8 is a byte, from 0 to 255"),
        (["--talentics-order", "-name"], "--talentics-order: invalid choice: '-name'"),
        (["--json", "-id"], "--json"),
        (["--fault", "500:2.5"], "the rate 2.5 is a share of the requests, from 0 to 1"),
        (["--limit", "fifty"], "--limit: 'fifty' is not a limit; write requests/period"),
        (["--talentio-limit", "5/0s"], "--talentio-limit: '5/0s' is not a limit"),
        (["--port", "99999"], "--port: '99999' is not a port: a number from 0 (a free one) to 65535"),
        (["--candidates", "-1"], "--candidates: '-1' is not a number from 0 on"),
        (["--seed", "1.5"], "--seed: '1.5' is not a number without a fraction"),
        (["--change-every", "nan"], "--change-every: 'nan' is not a number of seconds above 0"),
        (["--zone-hours", "inf"], "--zone-hours: 'inf' is not a zone"),
        (["--now", "today"], "--now: 'today' is not a time, such as 2026-04-01T09:00:00Z"),
    ],
)
def test_the_program_names_a_wrong_option(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "name", "expected"),
    [
        ("--talentics-order", "-id", "talentics_order", "-id"),
        ("--talentics-order", "-updated_at", "talentics_order", "-updated_at"),
        ("--zone-hours", "-5", "zone_hours", -5),
        ("--filter-zone-hours", "-3.5", "filter_zone_hours", -3.5),
        ("--zone-hours", "-1e1", "zone_hours", -10),
        ("--seed", "-4", "seed", -4),
        ("--date-skew", "-259200", "date_skew", -259_200),
    ],
)
@pytest.mark.parametrize("joined", [False, True])
def test_a_value_may_begin_with_a_hyphen(option: str, value: str, name: str, expected: object, joined: bool) -> None:
    arguments = [f"{option}={value}"] if joined else [option, value]
    assert getattr(settings_from(read_options(["--strict", *arguments, "--json"])), name) == expected


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_is_help_behind_any_option(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--json", flag])
    assert stopped.value.code == 0
    told = capsys.readouterr().out
    assert all(f"\n  {kind} " in told for kind in KINDS)


def test_the_program_tells_where_it_cannot_write_the_configs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()

    assert main(["--write-configs", str(tmp_path / "file" / "configs")]) == 1

    assert f"cannot write --write-configs {tmp_path / 'file' / 'configs'}: Not a directory" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_the_program_ends_in_peace_where_nobody_reads_what_it_prints(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "sandbox", *arguments]
    ended = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    os.close(writer)

    assert ended.returncode == 1
    assert ended.stderr == "python -m sandbox: nobody reads what it prints\n"


def test_a_firewall_refuses_with_a_page_and_the_date_can_be_left_out() -> None:
    with serve(Settings.for_size("small", faults=("403-html:*/employees",), date_header=False)) as running:
        config = running.configs["talentio"]
        headers = {"Authorization": f"Bearer {config['access_token']}"}
        with httpx.Client(base_url=config["base_url"], headers=headers, timeout=10) as client:
            refused = client.get("/employees")
            answered = client.get("/workspaces")
    assert refused.status_code == 403
    assert refused.headers["Content-Type"].startswith("text/html")
    assert refused.content.startswith(b"<!DOCTYPE html>")
    assert answered.status_code == 200
    assert "Date" not in answered.headers
