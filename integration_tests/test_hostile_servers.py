"""Servers that mean harm: memory and time stay bounded, and each attack has a name."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from integration_tests.processes import SOURCES
from integration_tests.scripted_runs import LISTS, all_streams, check, failures, page, read, verdict
from integration_tests.scripted_server import Answers, Request, reply, serving

# A bare `read` of a small account peaks at some 150 MB.
MOST_MEMORY = 400
MB = 1 << 20
every_source = pytest.mark.parametrize("source", SOURCES)


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[dict[str, Any]]]:
    return all_streams(tmp_path_factory.mktemp("catalogs"))


def impatient(source: str, **constants: str) -> list[str]:
    """The program, with constants of the kit replaced: pauses and time-outs of minutes would be minutes here too.

    It is a process of its own, which takes no parameter but what users may set, and these are nobody's to set.
    """
    patches = ""
    for name, value in constants.items():
        module, _, constant = name.rpartition(".")
        # A constant that has another name by now must fail here, and not make the test wait.
        patches += f"import connector_kit.{module} as kit; kit.{constant}; kit.{constant} = {value}; "
    return [sys.executable, "-c", f"{patches}from source_{source}.__main__ import main; main()"]


# A gigabyte of blanks in a megabyte.
BOMB = gzip.compress(b" " * (16 * MB)) * 64
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def gigabyte(_: Request) -> Iterator[bytes]:
    yield HEAD + b"Content-Length: %d\r\n\r\n" % (1 << 30)
    yield from (b"[" + b" " * (MB - 1) for _ in range(1 << 10))


def gigabyte_in_chunks(_: Request) -> Iterator[bytes]:
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    yield from (b"%x\r\n%b\r\n" % (MB, b" " * MB) for _ in range(1 << 10))


def endless_chunk_length(_: Request) -> Iterator[bytes]:
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    yield from (b"1" * MB for _ in range(1 << 10))


def endless_trailer(_: Request) -> Iterator[bytes]:
    """A line behind the last piece of the body, where HTTP allows more headers."""
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Long: "
    yield from (b"x" * MB for _ in range(1 << 10))


def compressed_bomb(_: Request) -> Iterator[bytes]:
    yield HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB


def bomb_in_a_bomb(_: Request) -> Iterator[bytes]:
    squeezed = gzip.compress(BOMB)
    yield HEAD + b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(squeezed) + squeezed


def deep(_: Request) -> Iterator[bytes]:
    yield reply(b"[" * MB + b"]" * MB)


def deep_objects(_: Request) -> Iterator[bytes]:
    yield reply(b'{"data":' * MB + b"1" + b"}" * MB)


def wide(_: Request) -> Iterator[bytes]:
    """Some 40 MB that unfold to 1 GB."""
    yield reply(b"[" + b"[]," * (13 * MB) + b"[]]")


def dripping_body(request: Request) -> Iterator[bytes]:
    yield HEAD + b"Content-Length: 1000000\r\n\r\n"
    yield from drops(b" ")


def dripping_header(_: Request) -> Iterator[bytes]:
    yield HEAD + b"X-Long: "
    yield from drops(b"x")


def endless_continue(_: Request) -> Iterator[bytes]:
    """Each says that the answer is still to come."""
    yield from drops(b"HTTP/1.1 100 Continue\r\n\r\n")


def drops(drop: bytes) -> Iterator[bytes]:
    """Often enough that no read time-out ever sees a silence."""
    never = Event()
    while not never.wait(0.1):
        yield drop


def endless_header(_: Request) -> Iterator[bytes]:
    yield HEAD
    yield from (b"X-%d: %b\r\n" % (number, b"x" * 60_000) for number in count())


ATTACKS: Mapping[str, tuple[Answers, str]] = {
    "a gigabyte": (gigabyte, "more than 64 MiB"),
    "a gigabyte in chunks": (gigabyte_in_chunks, "more than 64 MiB"),
    "an endless chunk length": (endless_chunk_length, "no usable answer"),
    "an endless trailer": (endless_trailer, "no usable answer"),
    "a compressed bomb": (compressed_bomb, "more than 64 MiB"),
    "a bomb in a bomb": (bomb_in_a_bomb, "more than 64 MiB"),
    "deep lists": (deep, "more values than"),
    "deep objects": (deep_objects, "more values than"),
    "less deep lists": (lambda _: [reply(b"[" * 5000 + b"]" * 5000)], "JSON nested too deep"),
    "a wide list": (wide, "more values than"),
    "a dripping body": (dripping_body, "no answer in time"),
    "a dripping header": (dripping_header, "no answer in time"),
    "endless continue": (endless_continue, "no answer in time"),
    "an endless header": (endless_header, "no usable answer"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_check_outlives(tmp_path: Path, attack: str) -> None:
    """The sources share the way to the server; they take turns here."""
    source = SOURCES[list(ATTACKS).index(attack) % 2]
    answers, name = ATTACKS[attack]
    with serving(answers) as server:
        command = impatient(source, **{"http.attempts._CHECK_TIMEOUT": "(5.0, 5.0)"}) if "drip" in attack else ()
        result = check(source, f"{server.origin}/v1", tmp_path, command=command)
    status, words = verdict(result)
    assert status == "FAILED"
    assert name in words
    assert f"/v1/{'exams' if source == 'talentics' else 'employee_groups'}" in words
    assert result.peak < MOST_MEMORY
    assert len(server.requests) == 1


def test_a_read_outlives_them_all_at_once(tmp_path: Path, catalogs: Mapping[str, Any]) -> None:
    """One attack for each list: refused at once where it is beyond all bounds, and tried again where it may pass.

    The list that is well comes to its end.
    """
    attacks: dict[str, Callable[[Request], Iterable[bytes]]] = {
        "candidates": gigabyte,
        "requisitions": compressed_bomb,
        "job_titles": wide,
        "channels": deep_objects,
        "employees": dripping_body,
        "employee_groups": dripping_header,
        "workspaces": lambda _: [page("talentio", [1], 1)],
    }
    command = impatient("talentio", **{"http.retries.PAUSES": "(0.01, 0.01)", "http.requester.WHOLE_ANSWER": "0.1"})
    with serving(lambda request: attacks[request.path.rpartition("/")[2]](request)) as server:
        result = read("talentio", f"{server.origin}/v1", tmp_path, catalogs["talentio"], attacks, command)
    assert result.exit_code != 0
    assert result.peak < MOST_MEMORY
    told = failures(result)
    assert told.keys() == attacks.keys() - {"workspaces"}
    for name, (kind, words) in told.items():
        drips = "dripping" in attacks[name].__name__
        assert kind == ("transient_error" if drips else "system_error")
        assert f"/v1/{name}: {'no usable answer' if drips else 'the answer is refused'} " in words
        assert [request.path for request in server.requests].count(f"/v1/{name}") == (3 if drips else 1)
    assert [row["id"] for row in result.records()["workspaces"]] == [1]


def same_page(source: str, request: Request) -> bytes:
    return page(source, range(100), 1_000)


def ever_more_pages(source: str, request: Request) -> bytes:
    """A total that is always a page away."""
    number = int(request.target.rpartition("page=")[2].partition("&")[0])
    return page(source, range(100 * number, 100 * number + 100), 100 * number + 101)


def great_promise(source: str, request: Request) -> bytes:
    """More than any company has, and all of it comes."""
    number = int(request.target.rpartition("page=")[2].partition("&")[0])
    return page(source, range(100 * number, 100 * number + 100), 10**15)


def same_page_without_a_total(source: str, request: Request) -> bytes:
    return page(source, range(100), None)


ENDLESS = [(source, endless) for source in SOURCES for endless in (same_page, ever_more_pages, great_promise)]


# On Talentics alone a page without a total says by its link that there is more.
@pytest.mark.parametrize(("source", "endless"), [*ENDLESS, ("talentics", same_page_without_a_total)])
def test_a_list_without_an_end_is_named(
    tmp_path: Path, catalogs: Mapping[str, Any], source: str, endless: Callable[[str, Request], bytes]
) -> None:
    name = LISTS[source][0]
    command = impatient(source, **{"reading.page_walk._SPARE_PAGES": "10", "reading.page_walk._MOST_PAGES": "20"})
    with serving(lambda request: [endless(source, request)]) as server:
        result = read(source, f"{server.origin}/v1", tmp_path, catalogs[source], [name], command)
    assert result.exit_code != 0
    kind, words = failures(result)[name]
    assert kind == "transient_error"
    assert words.startswith(f"/v1/{name}: the list never ends: ")
    assert len(server.requests) <= 21
    # What was not read to its end is not taken for read.
    assert [state for state in result.last_states() if state["stream"].get("stream_state")] == []


def test_the_same_full_page_for_every_page_is_told(tmp_path: Path, catalogs: Mapping[str, Any]) -> None:
    """The list may have exactly so many records, or the server takes no notice of the page: nobody can say which."""
    with serving(lambda request: [same_page_without_a_total("talentio", request)]) as server:
        result = read("talentio", f"{server.origin}/v1", tmp_path, catalogs["talentio"], ["candidates"])
    assert result.exit_code == 0
    assert len(server.requests) == 2
    assert len(result.records()["candidates"]) == 100
    assert "/v1/candidates gives the same 100 records for every page" in result.stdout
    assert [state for state in result.last_states() if state["stream"].get("stream_state")] == []
