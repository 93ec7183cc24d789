"""Bodies in PHP's shapes, without a body, and keys that are none: what is read, what is none, what is a fault."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from unit_tests.support.transport import Reply
from unit_tests.support.vendor_samples import Record
from unit_tests.support.vendors import TALENTICS, TALENTIO, Vendor, counted_page, laravel_page, unpaged, wrapped

EXAM, JOB, APPLICANT = (TALENTICS.sample(name) for name in ("exams", "jobs", "applicants"))
TICKET, CANDIDATE = TALENTICS.sample("tickets"), TALENTIO.sample("candidates")
FIRST = "page=1&per_page=100"
DETAIL = f"/candidates/{CANDIDATE['id']}?includeInactiveResponsibleEmployees=true"
CANDIDATES = "/candidates?page=1&includeInactiveResponsibleEmployees=true"
ODD_IDS = ["7d9f2c1e-beef", [7], {"id": 7}, 1.5, 2**70, True, [], {}]


def php(*rows: Any) -> list[Any]:
    """The rows in each shape in which PHP may write their list."""
    return [
        [*rows],
        [None, *rows, None],
        [[*rows]],
        [[[rows[0]], None], *rows[1:]],
        {str(3 * place): row for place, row in enumerate(rows)},
        {"0": None, **{str(place): row for place, row in enumerate(rows, 1)}},
        {"0": [*rows]},
    ]


@pytest.mark.parametrize("shaped", php(EXAM, {**EXAM, "id": EXAM["id"] + 1}))
def test_a_list_is_read_in_each_of_phps_shapes(shaped: Any) -> None:
    page = Reply({"data": shaped, "meta": {"total": 2}})
    outcome = TALENTICS.read("exams", {f"/exams?{FIRST}": page})
    assert [row["id"] for row in outcome.records["exams"]] == [EXAM["id"], EXAM["id"] + 1]


@pytest.mark.parametrize("shaped", php(*({"id": number} for number in (1, 2))))
def test_a_bare_list_is_read_in_each_of_phps_shapes(shaped: Any) -> None:
    outcome = TALENTIO.read("employees", {"/employees?page=1": Reply(shaped, headers={"X-Total": "2"})})
    assert [row["id"] for row in outcome.records["employees"]] == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("none", [None, {}, []])
def test_data_that_is_empty_is_no_record(none: Any) -> None:
    """On a list, below one parent, and of every kind of document."""
    answers = {
        f"/exams?{FIRST}": laravel_page([EXAM]),
        f"/exams/{EXAM['id']}": wrapped(none),
        f"/exams/{EXAM['id']}/tickets?{FIRST}": laravel_page([TICKET]),
        f"/exams/tickets/{TICKET['id']}/scores": wrapped(none),
        f"/jobs?{FIRST}": laravel_page([JOB]),
        f"/jobs/{JOB['id']}": wrapped(none),
        **unpaged(f"/jobs/{JOB['id']}/applicants", [APPLICANT]),
        f"/jobs/applicants/{APPLICANT['id']}": wrapped(none),
        f"/jobs/applicants/{APPLICANT['id']}/employment-application-form": wrapped(none),
    }
    names = "exam_details ticket_scores aspect_scores job_details applicant_details employment_application_forms"
    outcome = TALENTICS.read(names, answers)
    assert outcome.records == {name: [] for name in names.split()}
    for name in ("exam_details", "ticket_scores", "job_details", "applicant_details", "employment_application_forms"):
        assert re.search(rf"{name}: no record for 1 of 1 \w+ \(HTTP 404 or an empty answer\)\.", outcome.told)
    assert TALENTICS.read("jobs", {f"/jobs?{FIRST}": wrapped(none)}).records == {"jobs": []}


@pytest.mark.parametrize("none", [None, {}])
def test_a_bare_list_is_none_where_its_total_says_so(none: Any) -> None:
    empty = Reply(none, headers={"X-Total": "0"})
    assert TALENTIO.read("employees", {"/employees?page=1": empty}).records == {"employees": []}


@pytest.mark.parametrize("headers", [{}, {"X-Total": "1"}])
@pytest.mark.parametrize("none", [None, {}, {"message": "hello"}])
def test_a_bare_body_that_is_empty_is_no_list(none: Any, headers: dict[str, str]) -> None:
    reply = Reply(none, headers=headers)
    outcome = TALENTIO.read("employees", {"/employees?page=1": reply}, fails=True, times=11)
    assert outcome.failure.kind == "transient_error"
    assert "JSON that holds no list of records" in outcome.failure.message


@pytest.mark.parametrize("none", [None, []])
def test_comments_have_no_total_and_are_none_where_they_are_empty(none: Any) -> None:
    answers = {CANDIDATES: counted_page([CANDIDATE]), f"/candidates/{CANDIDATE['id']}/comments": Reply(none)}
    assert TALENTIO.read("candidate_comments", answers).records == {"candidate_comments": []}


def test_an_empty_object_in_the_place_of_comments_is_no_word_that_there_are_none() -> None:
    path = f"/candidates/{CANDIDATE['id']}/comments"
    outcome = TALENTIO.read(
        "candidate_comments", {path: Reply({})}, once={CANDIDATES: counted_page([CANDIDATE])}, fails=True, times=11
    )
    assert outcome.failure.kind == "transient_error"
    assert path in outcome.failure.message


@pytest.mark.parametrize("status", [204, 200])
def test_below_a_list_an_answer_without_a_body_is_no_record(status: int) -> None:
    answers = {
        CANDIDATES: counted_page([CANDIDATE]),
        DETAIL: Reply(b"", status=status),
        f"/candidates/{CANDIDATE['id']}/comments": Reply(b"", status=status),
    }
    outcome = TALENTIO.read("candidate_details candidate_comments", answers)
    assert outcome.records == {"candidate_details": [], "candidate_comments": []}
    for name in outcome.records:
        assert re.search(rf"{name}: no record for 1 of 1 \w+ \(HTTP 404 or an empty answer\)\.", outcome.told)


@pytest.mark.parametrize(
    ("vendor", "stream", "url", "headers"),
    [(TALENTICS, "exams", f"/exams?{FIRST}", {}), (TALENTIO, "employees", "/employees?page=1", {"X-Total": "0"})],
)
def test_a_list_of_204_is_none(vendor: Vendor, stream: str, url: str, headers: dict[str, str]) -> None:
    assert vendor.read(stream, {url: Reply(b"", status=204, headers=headers)}).records == {stream: []}


@pytest.mark.parametrize(("status", "headers"), [(204, {"X-Total": "3"}), (200, {}), (200, {"X-Total": "0"})])
def test_a_list_without_a_body_is_a_fault_where_something_contradicts(status: int, headers: dict[str, str]) -> None:
    answers = {"/employees?page=1": Reply(b"", status=status, headers=headers)}
    outcome = TALENTIO.read("employees", answers, fails=True, times=11)
    assert outcome.failure.kind == "transient_error"
    assert outcome.records == {"employees": []}


@pytest.mark.parametrize("raw", [b"caf\xe9", b"a\tb\nc", b"\xef\xbb\xbf"])
def test_what_had_to_be_repaired_is_named_once(raw: bytes) -> None:
    mark, text = (raw, b"") if raw == b"\xef\xbb\xbf" else (b"", raw)
    body = mark + b'[{"id": 1, "lastName": "%b"}, {"id": 2, "lastName": "%b"}]' % (text, text)
    outcome = TALENTIO.read("employees", {"/employees?page=1": Reply(body, headers={"X-Total": "2"})})
    assert [row["id"] for row in outcome.records["employees"]] == [1, 2]
    assert {row["lastName"] for row in outcome.records["employees"]} == {text.decode(errors="replace")}
    assert outcome.told.count("employees: the server's answer holds ") == 1
    assert "caf" not in outcome.told


@pytest.mark.parametrize("odd", ODD_IDS)
def test_an_id_that_is_none_fails_its_stream_alone(odd: Any) -> None:
    """By name, without the value; the rows before it came, the state stays, the other streams go on."""
    state = {"employees": {"updatedAt": "2015-01-01T00:00:00+09:00"}}
    rows = [{"id": 1, "updatedAt": "2016-01-01T00:00:00+09:00"}, {"id": odd}]
    answers = {
        "/employees?page=1": counted_page(rows),
        "/workspaces?page=1": counted_page([{"id": 5}]),
    }
    outcome = TALENTIO.read("employees workspaces", answers, state, fails=True)
    assert (outcome.failure.stream, outcome.failure.kind) == ("employees", "system_error")
    assert "key field id holds a value that can't be read as integer" in outcome.failure.message
    assert "beef" not in outcome.failure.message + outcome.told
    assert [row["id"] for row in outcome.records["employees"]] == [1]
    assert outcome.states.get("employees", state["employees"]) == state["employees"]
    assert [row["id"] for row in outcome.records["workspaces"]] == [5]


@pytest.mark.parametrize("odd", ODD_IDS)
def test_streams_of_one_answer_fail_by_their_own_keys(odd: Any) -> None:
    candidate = {**CANDIDATE, "stages": [{**CANDIDATE["stages"][0], "id": odd}]}
    outcome = TALENTIO.read("candidates candidate_stages", {CANDIDATES: counted_page([candidate])}, fails=True)
    assert outcome.failure.stream == "candidate_stages"
    assert [row["id"] for row in outcome.records["candidates"]] == [CANDIDATE["id"]]
    assert outcome.states["candidates"]
    assert "updatedAt" not in str(outcome.states.get("candidate_stages", {}))


@pytest.mark.parametrize("odd", ODD_IDS)
def test_all_streams_of_one_answer_may_fail(odd: Any) -> None:
    detail = TALENTIO.sample("candidate_details")
    (stage,) = [stage for stage in detail["stages"] if stage.get("evaluations")][:1]
    evaluation = {**stage["evaluations"][0], "id": odd}
    answers = {
        CANDIDATES: counted_page([CANDIDATE]),
        DETAIL: Reply({**detail, "stages": [{**stage, "evaluations": [evaluation]}]}),
    }
    outcome = TALENTIO.read("stage_evaluations evaluation_items", answers, fails=True)
    told = {failure.stream: failure.message for failure in outcome.failures if failure.stream}
    assert told.keys() == {"stage_evaluations", "evaluation_items"}
    for name, field in (("stage_evaluations", "id"), ("evaluation_items", "evaluationId")):
        assert told[name].startswith(f"{name}: key field {field} ")


def comments(*authors: Any, at: str = "2024-05-10T09:00:00+09:00") -> dict[str, Reply]:
    rows: list[Record] = [{"employeeCreatedBy": author, "createdAt": at, "content": "x"} for author in authors]
    return {CANDIDATES: counted_page([CANDIDATE]), f"/candidates/{CANDIDATE['id']}/comments": Reply(rows)}


@pytest.mark.parametrize("author", ["Somebody", [{"id": 1}, {"id": 2}], *({"id": odd} for odd in ODD_IDS)])
def test_the_author_of_a_comment_is_never_made_up(author: Any) -> None:
    outcome = TALENTIO.read("candidate_comments", comments(author), fails=True)
    assert "candidate_comments: key field employeeId " in outcome.failure.message
    assert outcome.records == {"candidate_comments": []}


@pytest.mark.parametrize("nobody", [None, [], {}, {"id": None}, {"id": ""}])
def test_a_comment_without_an_author_has_employee_0(nobody: Any) -> None:
    (row,) = TALENTIO.read("candidate_comments", comments(nobody)).records["candidate_comments"]
    assert row["employeeId"] == 0


def test_two_rows_of_one_answer_with_one_key_are_named_once() -> None:
    outcome = TALENTIO.read("candidate_comments", comments({"id": 4}, {"id": 4}, {"id": 4}, {"id": 5}))
    assert len(outcome.records["candidate_comments"]) == 4
    told = "candidate_comments: rows of one answer have the same primary key (candidateId, createdAt, employeeId)."
    assert outcome.told.count(told) == 1


LITERALS = [
    "1234e567", "1.10", "0x1F2b", "'quoted'", '"quoted"', "a{{b}}", "{% x %}", "{{ 1 + 1 }}", "{# x #}", "None", "True",
    "[1]", "{'a': 1}", "(1,)", "1_000", "0b11", "b'x'", "...", "-1", "{{ config['base_url'] }}", "a\\nb", "007",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("around", ["", " \n"])
@pytest.mark.parametrize("literal", LITERALS)
def test_credentials_go_out_as_they_are(literal: str, around: str) -> None:
    """`Vendor.read` compares what was sent."""
    given = f"{around}{literal}{around}"
    basic = f"Basic {base64.b64encode(f'{literal}:{literal}'.encode()).decode()}"
    talentics = Vendor("source_talentics", {"app_id": given, "app_secret": given}, basic)
    assert talentics.read("exams", {f"/exams?{FIRST}": laravel_page([])}).records == {"exams": []}
    talentio = Vendor("source_talentio", {"access_token": given}, f"Bearer {literal}")
    assert talentio.read("employees", {"/employees?page=1": counted_page([])}).records == {"employees": []}


@pytest.mark.slow
@pytest.mark.parametrize("around", ["\n", " ", "\r\n", "\t"])
def test_blanks_around_the_key_for_hashing_are_no_part_of_it(around: str) -> None:
    def hashed(key: str) -> tuple[Any, bool]:
        outcome = TALENTIO.read(
            "employees",
            {"/employees?page=1": counted_page([{"id": 1, "email": "a@example.com"}])},
            personal_data="hash",
            personal_data_key=key,
        )
        return outcome.records["employees"][0]["email"], "fewer than 16 characters" in outcome.told

    assert hashed("a key of 14 ch" + around * 4) == hashed("a key of 14 ch")
    assert hashed("a key of 14 ch")[1]


def test_of_the_fields_that_nobody_knows_twenty_are_named() -> None:
    rows = [{"id": n, **{f"new_{n}_{k}": 1 for k in range(13)}} for n in range(1, 5)]
    outcome = TALENTIO.read("employees", {"/employees?page=1": counted_page(rows)})
    lines = [line for line in outcome.told.splitlines() if "does not have" in line]
    assert sum(line.count("new_") for line in lines) == 20
    assert len(lines) == 2
    assert "and 6 more" in lines[-1]
