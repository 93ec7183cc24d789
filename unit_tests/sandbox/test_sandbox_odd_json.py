"""The odd answers that the sandbox can give are odd in the one way that was asked for."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from sandbox import World
from sandbox.faults import Faults

Ask = Callable[..., tuple[int, dict[str, str], Any]]
Make = Callable[..., World]

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def raw(world: World, path: str) -> bytes:
    settings = world.settings
    pair = base64.b64encode(f"{settings.app_id}:{settings.app_secret}".encode()).decode()
    credentials = f"Basic {pair}" if path.startswith("/talentics") else f"Bearer {settings.access_token}"
    status, _, body = world.handle("GET", path, "", {"Authorization": credentials})
    assert status == 200
    return body


def faulty(world: World, fault: str) -> World:
    world.faults = Faults((fault,))
    return world


@pytest.mark.parametrize("path", ["/talentics/v2/exams", "/talentics/v2/exams/{exam}", "/talentio/api/v1/candidates"])
@pytest.mark.parametrize(
    ("fault", "odd"),
    [("control-char", b"\t"), ("control-char=10", b"\n"), ("bad-utf8", b"\xff"), ("bad-utf8=233", b"\xe9")],
)
def test_each_record_has_an_odd_byte_in_its_text(make: Make, path: str, fault: str, odd: bytes) -> None:
    world = make()
    path = path.format(exam=world.data.ids("exams")[0])
    true = json.loads(raw(world, path))
    body = raw(faulty(world, fault), path)

    with pytest.raises(ValueError, match=r"codec|control character"):
        json.loads(body.decode())
    records = true.get("data", true) if isinstance(true, dict) else true
    assert body.count(odd + b'"') == (len(records) if isinstance(records, list) else 1)
    assert json.loads(body.replace(odd + b'"', b'"').decode()) == true


@pytest.mark.parametrize("source", ["talentics", "talentio"])
def test_a_list_may_come_as_php_writes_one_that_was_filtered(
    make: Make, talentics: Ask, talentio: Ask, source: str
) -> None:
    ask, path = {"talentics": (talentics, "/exams"), "talentio": (talentio, "/channels")}[source]
    world = make()
    true = ask(world, path)[2]
    odd = ask(faulty(world, "php-list"), path)[2]
    if source == "talentics":
        assert {**true, "data": None} == {**odd, "data": None}
        true, odd = true["data"], odd["data"]
    assert list(odd) == [str(number) for number in (0, *range(2, len(true) + 1))]
    assert list(odd.values()) == true


def test_a_list_may_have_nulls_among_its_records_and_a_record_in_its_own_lists(make: Make, talentio: Ask) -> None:
    world = make()
    candidate = next(record for record in world.records("talentio", "candidate_details") if record["stages"])
    true = talentio(world, "/candidates")[2]
    faulty(world, "null-records")
    odd = talentio(world, "/candidates")[2]
    assert odd == [true[0], None, *true[1:], None]
    assert None in talentio(world, f"/candidates/{candidate['id']}")[2]["stages"]


def test_ids_may_be_uuids(make: Make, talentics: Ask) -> None:
    world = make()
    exam = world.data.ids("exams")[0]
    true = talentics(world, f"/exams/{exam}/tickets")[2]["data"]
    faulty(world, "uuid-ids")
    odd = talentics(world, f"/exams/{exam}/tickets")[2]["data"]
    ids = [ticket["id"] for ticket in odd]
    assert all(UUID.fullmatch(each) for each in ids)
    assert len(set(ids)) == len(true)
    assert UUID.fullmatch(odd[0]["exam"]["id"])
    assert [ticket["name"] for ticket in odd] == [ticket["name"] for ticket in true]


def test_null_is_wrapped_where_the_api_wraps(make: Make, talentics: Ask, talentio: Ask) -> None:
    world = faulty(make(), "null")
    assert talentics(world, "/exams")[2] == {"data": None}
    assert talentio(world, "/candidates")[2] is None


def test_an_error_stays_as_it_is(make: Make, talentics: Ask) -> None:
    world = make()
    true = talentics(world, "/exams/1")
    assert true[0] == 404
    for kind in ("control-char", "php-list", "uuid-ids"):
        assert talentics(faulty(world, kind), "/exams/1")[2] == true[2]


@pytest.mark.parametrize("status", [404, 410, 422, 429, 451, 500])
def test_one_record_may_always_answer_with_a_status(make: Make, talentics: Ask, talentio: Ask, status: int) -> None:
    world = make()
    (exam, other), candidate = world.data.ids("exams")[:2], world.data.ids("candidates")[0]
    world.settings.answers = ((f"*/exams/{exam}/tickets", status), (f"*/candidates/{candidate}", status))
    assert talentics(world, f"/exams/{exam}/tickets")[0] == status
    assert talentics(world, f"/exams/{other}/tickets")[0] == 200
    assert talentio(world, f"/candidates/{candidate}")[0] == status
    assert talentio(world, f"/candidates/{candidate}/comments")[0] == 200


def test_an_answer_of_204_has_no_body(make: Make) -> None:
    world = make(answers=(("*/channels", 204),))
    headers = {"Authorization": f"Bearer {world.settings.access_token}"}
    status, received, body = world.handle("GET", "/talentio/api/v1/channels", "", headers)
    assert (status, body) == (204, b"")
    assert "Content-Length" not in received
    assert "Content-Type" not in received


def test_one_answer_may_hold_rows_that_nothing_tells_apart(make: Make, talentics: Ask, talentio: Ask) -> None:
    world = make(duplicate_rows=True)
    scores = next(
        record
        for record in world.records("talentics", "ticket_scores")
        if any(result["aspect_scores"] for result in record["results"])
    )
    form = next(world.records("talentics", "employment_application_forms"))
    commented = next(world.records("talentio", "candidate_comments"))["candidateId"]

    shown = talentics(world, f"/exams/tickets/{scores['ticket_id']}/scores")[2]["data"]
    slugs = Counter(
        (result["assessment_slug"], aspect["aspect_slug"])
        for result in shown["results"]
        for aspect in result["aspect_scores"]
    )
    answers = Counter(answer["name"] for answer in form["employment_application_form"])
    comments = Counter(
        (comment["createdAt"], (comment["employeeCreatedBy"] or {}).get("id"))
        for comment in talentio(world, f"/candidates/{commented}/comments")[2]
    )
    assert (max(slugs.values()), max(answers.values()), max(comments.values())) == (2, 2, 2)
