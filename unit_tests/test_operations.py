"""docs/operations.md: its script works, its schedulers call it as it is, its estimates are those of the docs."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

from connector_kit.manifest import connection_specification
from sandbox import Settings, serve
from tools.first_sync import main, windows
from unit_tests.support.doc_pages import ROOT
from unit_tests.support.run import catalog_of

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SCRIPT, *SCHEDULERS = re.findall(r"```python\n(.+?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def script() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(SCRIPT, "sync.py", "exec"), names)
    return names


def reader(script: dict[str, Any], folder: Path, config: dict[str, Any]) -> Callable[[], None]:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    catalog = catalog_of(["channels", "workspaces"])
    modes = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
    supported = {"json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    streams = [{"stream": {"name": one.stream.name, **supported}, **modes} for one in catalog.streams]
    (folder / "catalog.json").write_text(json.dumps({"streams": streams}), encoding="utf-8")
    program = str(Path(sys.executable).parent / "source-talentio")
    files = [folder / name for name in ("config.json", "catalog.json", "state.json", "messages.jsonl")]
    return lambda: script["sync"](program, *files)


def records(folder: Path) -> int:
    lines = (folder / "messages.jsonl").read_text(encoding="utf-8").splitlines()
    return sum(json.loads(line)["type"] == "RECORD" for line in lines)


def streams_with_state(folder: Path) -> list[str]:
    states = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    return [one["stream"]["stream_descriptor"]["name"] for one in states if one["stream"].get("stream_state")]


@pytest.mark.slow
def test_the_script_keeps_the_state_between_runs(script: dict[str, Any], tmp_path: Path) -> None:
    with serve(Settings.for_size("small", talentio_limit=None)) as running:
        read = reader(script, tmp_path, running.configs["talentio"])
        read()
        first = records(tmp_path)
        (tmp_path / "messages.jsonl").unlink()
        read()
    assert (first, records(tmp_path)) == (11, 0)


@pytest.mark.slow
def test_a_refused_credential_needs_a_person(script: dict[str, Any], tmp_path: Path) -> None:
    with serve(Settings.for_size("small")) as running:
        read = reader(script, tmp_path, {**running.configs["talentio"], "access_token": "of-nobody"})
        with pytest.raises(script["NeedsAPerson"], match="The server refused the access token"):
            read()


@pytest.mark.slow
def test_a_wrong_configuration_needs_a_person_although_no_stream_was_begun(
    script: dict[str, Any], tmp_path: Path
) -> None:
    read = reader(script, tmp_path, {"access_token": "any", "start_date": "yesterday"})
    with pytest.raises(script["NeedsAPerson"], match=r"^start_date: not a date"):
        read()


@pytest.mark.slow
def test_another_try_after_a_failure_that_may_pass_loses_nothing(script: dict[str, Any], tmp_path: Path) -> None:
    with serve(Settings.for_size("small", talentio_limit=None)) as running:
        read = reader(script, tmp_path, running.configs["talentio"])
        running.world.settings.answers = (("*/channels", 418),)
        with pytest.raises(subprocess.CalledProcessError):
            read()
        assert streams_with_state(tmp_path) == ["workspaces"]
        running.world.settings.answers = ()
        read()
    assert records(tmp_path) == 11


@pytest.mark.slow
def test_what_was_read_before_the_schedulers_time_out_is_kept(
    script: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def until_a_state(line: str) -> Any:
        message = json.loads(line)
        if message["type"] == "STATE" and message["state"]["stream"].get("stream_state"):
            seen.append(message)
            if len(seen) == 2:
                raise TimeoutError("the scheduler's")
        return message

    seen: list[Any] = []
    with serve(Settings.for_size("small", talentio_limit=None)) as running:
        read = reader(script, tmp_path, running.configs["talentio"])
        with monkeypatch.context() as impatient:
            # A scheduler raises wherever its task is; here at a line that says how far another stream is.
            impatient.setitem(script, "json", SimpleNamespace(loads=until_a_state, dumps=json.dumps))
            with pytest.raises(TimeoutError):
                read()
        assert len(streams_with_state(tmp_path)) == 1
        read()
    assert records(tmp_path) >= 11


@pytest.mark.parametrize("code", SCHEDULERS, ids=["airflow", "dagster"])
def test_the_schedulers_call_the_script_as_it_is(code: str) -> None:
    tree = ast.parse(code)
    (call,) = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "sync"]
    parameters = next(
        node.args.args
        for node in ast.walk(ast.parse(SCRIPT))
        if isinstance(node, ast.FunctionDef) and node.name == "sync"
    )
    assert len(call.args) == len(parameters)
    assert "except NeedsAPerson" in code


class Failure(Exception):
    def __init__(self, description: str, allow_retries: bool = True) -> None:
        super().__init__(description, allow_retries)


def bare(**_: Any) -> Callable[[Any], Any]:
    """A decorator of a scheduler's that leaves the function as it is."""
    return lambda function: function


@pytest.mark.parametrize("code", SCHEDULERS, ids=["airflow", "dagster"])
def test_what_needs_a_person_is_not_tried_again_by_a_scheduler(
    script: dict[str, Any], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sync(*_: Any) -> None:
        raise script["NeedsAPerson"]("access_token: required")

    names: dict[str, Any] = {
        "sync": {"NeedsAPerson": script["NeedsAPerson"], "sync": sync},
        "airflow": {},
        "airflow.decorators": {"dag": bare, "task": bare},
        "airflow.exceptions": {"AirflowFailException": Failure},
        "dagster": {"asset": bare, "Failure": Failure, "RetryPolicy": dict, "Backoff": SimpleNamespace(EXPONENTIAL=1)},
    }
    for name, content in names.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    # Airflow's runs as it is read, where its decorators do nothing.
    whole = code + "talentics_messages()\n" * ("dagster" in code)
    with pytest.raises(Failure, match="access_token: required"):
        exec(compile(whole, "scheduler.py", "exec"), {})


def test_the_yaml_is_yaml_and_the_terraform_names_fields_of_the_config() -> None:
    (job,) = re.findall(r"```yaml\n(.+?)```", PAGE, flags=re.DOTALL)
    assert yaml.safe_load(job)["kind"] == "CronJob"
    (fields,) = re.findall(r"jsonencode\(\{\n(.+?)\}\)", PAGE, flags=re.DOTALL)
    assert set(re.findall(r"(\w+) +=", fields)) <= connection_specification("source_talentio")["properties"].keys()


@pytest.mark.parametrize("line", re.findall(r"\$ python -m tools.first_sync (.+)\n(.+)", PAGE))
def test_the_estimates_are_what_the_program_prints(line: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    arguments, printed = line
    main(arguments.split())
    assert capsys.readouterr().out == printed + "\n"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("talentics --candidates 5000", "talentics is estimated from --exams, --tickets, --jobs, --applicants"),
        ("talentio", "talentio is estimated from --candidates"),
        ("talentio --candidates -1", "a number is below 0"),
        ("talentio --candidates 5 --limit 0", "the limit below 1"),
    ],
)
def test_an_estimate_from_the_wrong_numbers_is_refused(
    line: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(line.split())
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "counts", "limit", "number"),
    [
        ("talentics", {"exams": 10, "tickets": 400, "jobs": 0, "applicants": 0}, 50, 8),
        ("talentics", {"exams": 20, "tickets": 4000, "jobs": 0, "applicants": 0}, 50, 80),
        ("talentics", {"exams": 0, "tickets": 0, "jobs": 30, "applicants": 1500}, 50, 30),
        ("talentio", {"candidates": 2000}, 5000, 1),
        ("talentio", {"candidates": 5000}, 5000, 3),
        ("talentio", {"candidates": 50_000}, 5000, 21),
    ],
)
def test_the_estimates_are_those_of_the_sources_pages(
    source: str, counts: dict[str, int], limit: int, number: int
) -> None:
    assert windows(source, counts, limit)[1] == number
