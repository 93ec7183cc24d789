"""Talentics' half is as the vendor's page shows it, and as awkward."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from sandbox import World

Ask = Callable[..., tuple[int, dict[str, str], Any]]
Make = Callable[..., World]


def test_a_page_looks_like_laravels_with_links_that_lose_per_page(make: Make, talentics: Ask) -> None:
    world = make(exams=7)
    status, _, page = talentics(world, "/exams", page=2, per_page=3)
    assert status == 200
    base = "http://127.0.0.1/talentics/v2/exams"
    assert page["links"] == {
        "first": f"{base}?page=1",
        "last": f"{base}?page=3",
        "prev": f"{base}?page=1",
        "next": f"{base}?page=3",
    }
    assert page["meta"] == {
        "current_page": 2,
        "from": 4,
        "last_page": 3,
        "path": base,
        "per_page": "3",
        "to": 6,
        "total": 7,
    }
    assert [exam["id"] for exam in page["data"]] == world.data.ids("exams")[3:6]


def test_without_per_page_a_page_has_fifteen(make: Make, talentics: Ask) -> None:
    _, _, page = talentics(make(exams=40), "/exams")
    assert len(page["data"]) == 15
    assert page["meta"]["per_page"] == "15"


def test_more_than_a_hundred_a_page_is_refused(make: Make, talentics: Ask) -> None:
    status, _, refusal = talentics(make(), "/exams", per_page=101)
    assert status == 422
    assert refusal["errors"] == {"per_page": ["The per page may not be greater than 100."]}


def test_a_page_beyond_the_end_is_empty_and_keeps_the_total(make: Make, talentics: Ask) -> None:
    status, _, page = talentics(make(exams=3), "/exams", page=9)
    assert (status, page["data"], page["meta"]["total"], page["meta"]["from"]) == (200, [], 3, None)
    assert page["links"]["next"] is None


def test_links_can_name_another_origin(make: Make, talentics: Ask) -> None:
    _, _, page = talentics(make(exams=30, links_origin="http://api.talentics.id"), "/exams")
    assert page["links"]["next"] == "http://api.talentics.id/talentics/v2/exams?page=2"


@pytest.mark.parametrize("order", ["id", "-id", "updated_at", "-updated_at"])
def test_lists_keep_the_order_of_the_setting(make: Make, talentics: Ask, order: str) -> None:
    world = make(talentics_order=order, tickets=80)
    exam = world.data.ids("exams")[0]
    _, _, page = talentics(world, f"/exams/{exam}/tickets", per_page=100)
    values = [ticket[order.removeprefix("-")] for ticket in page["data"]]
    assert len(values) == 80
    assert values == sorted(values, reverse=order.startswith("-"))


def test_many_tickets_share_their_time_of_update(make: Make) -> None:
    times = [ticket["updated_at"] for ticket in make(tickets=200).records("talentics", "tickets")]
    assert len(set(times)) < len(times) * 0.8


def test_times_look_like_the_samples(make: Make) -> None:
    world = make(exams=100, tickets=2)
    assert all(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z", ticket["updated_at"])
        for ticket in world.records("talentics", "tickets")
    )
    times = [exam["updated_at"] for exam in world.records("talentics", "exams")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d{1,2} \d\d:\d\d:\d\d", time) for time in times)
    assert any(re.match(r"\d{4}-\d\d-\d ", time) for time in times)


@pytest.mark.parametrize(
    ("routes", "tickets", "ticket"),
    [(("tickets",), 200, 404), (("ticket",), 404, 200), (("tickets", "ticket"), 200, 200)],
)
def test_the_scores_route_exists_in_the_spellings_of_the_setting(
    make: Make, talentics: Ask, routes: tuple[str, ...], tickets: int, ticket: int
) -> None:
    world = make(scores_routes=routes, unfinished_scores="empty")
    some = next(world.records("talentics", "tickets"))["id"]
    assert talentics(world, f"/exams/tickets/{some}/scores")[0] == tickets
    assert talentics(world, f"/exams/ticket/{some}/scores")[0] == ticket


def test_an_unfinished_ticket_has_no_scores_until_it_is_finished(make: Make, talentics: Ask, clock: Any) -> None:
    world = make(unfinished_scores="404")
    ticket = next(ticket for ticket in world.records("talentics", "tickets") if ticket["finished_at"] is None)
    path = f"/exams/tickets/{ticket['id']}/scores"
    assert talentics(world, path)[0] == 404

    clock.advance(60)
    world.data.finish_ticket(ticket["id"])

    status, _, scores = talentics(world, path)
    assert status == 200
    assert scores["data"]["ticket_id"] == ticket["id"]
    assert scores["data"]["results"]
    _, _, page = talentics(world, f"/exams/{ticket['exam']['id']}/tickets", per_page=100)
    finished = next(shown for shown in page["data"] if shown["id"] == ticket["id"])
    assert finished["status"] == "finished"
    assert finished["finished_at"] is not None
    assert finished["updated_at"] > ticket["updated_at"]


def test_unfinished_tickets_answer_in_both_ways(make: Make, talentics: Ask) -> None:
    world = make(tickets=60)
    unfinished = [ticket["id"] for ticket in world.records("talentics", "tickets") if ticket["finished_at"] is None]
    answers = [talentics(world, f"/exams/tickets/{ticket}/scores") for ticket in unfinished]
    assert {status for status, _, _ in answers} == {200, 404}
    assert all(body["data"]["results"] == [] for status, _, body in answers if status == 200)


def test_a_change_of_a_ticket_leaves_its_exam_alone(make: Make, clock: Any) -> None:
    world = make()
    before = list(world.records("talentics", "exams"))
    clock.advance(60)
    world.data.update("tickets", next(world.records("talentics", "tickets"))["id"])
    assert list(world.records("talentics", "exams")) == before


def test_applicants_come_on_one_page_without_links(make: Make, talentics: Ask) -> None:
    world = make(applicants=130)
    _, _, page = talentics(world, f"/jobs/{world.data.ids('jobs')[0]}/applicants", per_page=100, page=1)
    assert set(page) == {"data"}
    assert len(page["data"]) == 130
    assert "updated_at" not in page["data"][0]


def test_applicants_can_be_paged(make: Make, talentics: Ask) -> None:
    world = make(applicants=130, paged_applicants=True)
    _, _, page = talentics(world, f"/jobs/{world.data.ids('jobs')[0]}/applicants", per_page=100, page=2)
    assert (len(page["data"]), page["meta"]["last_page"]) == (30, 2)


@pytest.mark.parametrize(("way", "status", "data"), [("404", 404, None), ("array", 200, []), ("null", 200, None)])
def test_a_form_is_absent_until_it_is_sent(make: Make, talentics: Ask, way: str, status: int, data: Any) -> None:
    world = make(forms_absent=way)
    with_form = {form["id"] for form in world.records("talentics", "employment_application_forms")}
    applicant = next(
        person["id"] for person in world.records("talentics", "applicants") if person["id"] not in with_form
    )
    path = f"/jobs/applicants/{applicant}/employment-application-form"
    absent, _, body = talentics(world, path)
    assert (absent, body.get("data")) == (status, data)

    world.data.create("forms", applicant)

    sent, _, body = talentics(world, path)
    assert sent == 200
    assert body["data"]["applicant_id"] == applicant
    names = [answer["name"] for answer in body["data"]["employment_application_form"]]
    assert len(names) == len(set(names)) == 23


def test_a_job_has_no_times_and_some_salaries_as_text_in_its_detail(make: Make, talentics: Ask) -> None:
    world = make(jobs=30)
    details = [talentics(world, f"/jobs/{job}")[2]["data"] for job in world.data.ids("jobs")]
    assert all("updated_at" not in detail and detail["organization"] == detail["company"] for detail in details)
    assert {type(detail["min_salary"]) for detail in details} == {str, int, type(None)}


def test_what_is_not_there_is_404_in_json(make: Make, talentics: Ask) -> None:
    world = make()
    for path in ("/exams/1", "/exams/1/tickets", "/jobs/1", "/jobs/1/applicants", "/jobs/applicants/1", "/nothing"):
        status, headers, body = talentics(world, path)
        assert (status, headers["Content-Type"], body) == (404, "application/json", {"message": "Not Found"})


@pytest.mark.parametrize(
    ("shape", "body"), [("message", b'{"message":"Unauthorized"}'), ("errors", b'{"data":{"errors":[]}}')]
)
@pytest.mark.parametrize("authorization", [None, "Basic bm90OnRoaXM=", "Basic ***", "Bearer sandbox-app"])
def test_wrong_credentials_are_401_in_both_known_shapes(
    make: Make, shape: str, body: bytes, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    status, _, answer = make(unauthorized_body=shape).handle("GET", "/talentics/v2/exams", "", headers)
    assert (status, answer) == (401, body)


def test_live_embeds_follow_the_exam(make: Make, talentics: Ask) -> None:
    world = make(embeds="live")
    exam = world.data.ids("exams")[0]
    talentics(world, f"/exams/{exam}/tickets")
    world.data.update("exams", exam, title="Another title")
    _, _, page = talentics(world, f"/exams/{exam}/tickets")
    assert {ticket["exam"]["title"] for ticket in page["data"]} == {"Another title"}
