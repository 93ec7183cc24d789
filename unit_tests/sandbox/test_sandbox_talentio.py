"""Talentio's half is as the vendor's page shows it, and as awkward."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from sandbox import World

Ask = Callable[..., tuple[int, dict[str, str], Any]]
Make = Callable[..., World]

LISTS = ("candidates", "requisitions", "job_titles", "channels", "employees", "employee_groups", "workspaces")


def test_lists_are_bare_arrays_of_a_hundred_with_a_total(make: Make, talentio: Ask) -> None:
    world = make(candidates=230)
    sizes = []
    for page in (1, 2, 3, 4):
        status, headers, records = talentio(world, "/candidates", page=page)
        assert (status, headers["X-Total"]) == (200, "230")
        sizes.append(len(records))
    assert sizes == [100, 100, 30, 0]


@pytest.mark.parametrize("stream", LISTS)
def test_every_list_gives_the_records_of_the_world(make: Make, talentio: Ask, stream: str) -> None:
    world = make(candidates=80)
    query = {"includeInactiveResponsibleEmployees": "true"} if stream == "candidates" else {}
    _, headers, records = talentio(world, f"/{stream}", **query)
    assert sorted(record["id"] for record in records) == world.data.ids(stream)
    assert sorted(records, key=lambda record: record["id"]) == list(world.records("talentio", stream))
    assert headers["X-Total"] == str(len(records))


def test_candidates_come_in_the_order_of_registration(make: Make, talentio: Ask) -> None:
    _, _, records = talentio(make(), "/candidates")
    keys = [(record["registeredAt"], record["id"]) for record in records]
    assert keys == sorted(keys)
    assert len({registered for registered, _ in keys}) < len(keys)


@pytest.mark.parametrize("field", ["registeredAt", "appliedAt", "updatedAt"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_candidates_are_sorted_as_asked(make: Make, talentio: Ask, field: str, sign: str) -> None:
    _, _, records = talentio(make(), "/candidates", sort=sign + field)
    values = [record[field] for record in records]
    assert values == sorted(values, reverse=bool(sign))


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/candidates", {"sort": "name"}),
        ("/candidates", {"sort": "createdAt"}),
        ("/candidates", {"page": "0"}),
        ("/candidates", {"page": "x"}),
        ("/candidates", {"updatedAtFrom": "2025-01-01T00:00:00Z"}),
        ("/candidates", {"updatedAtFrom": "2025/01/01"}),
        ("/candidates", {"appliedAtFrom": "2025-01-01"}),
        ("/candidates", {"status": "happy"}),
        ("/candidates", {"requisitionIds": "1,x"}),
        ("/candidates", {"stageStatuses": "unknown"}),
        ("/requisitions", {"sort": "name"}),
        ("/requisitions", {"updatedAtTo": "yesterday"}),
        ("/employees", {"role": "king"}),
    ],
)
def test_a_value_that_cannot_be_read_is_400(make: Make, talentio: Ask, path: str, query: dict[str, str]) -> None:
    status, _, body = talentio(make(), path, **query)
    assert (status, body["error"]["code"]) == (400, 400)
    assert next(iter(query)) in body["error"]["message"]


def test_sorting_by_update_can_be_unknown(make: Make, talentio: Ask) -> None:
    assert talentio(make(sort_by_updated=False), "/candidates", sort="updatedAt")[0] == 400


def test_unknown_parameters_are_ignored_and_noted(make: Make, talentio: Ask) -> None:
    world = make()
    assert talentio(world, "/candidates", per_page=5)[0] == 200
    assert world.log.requests[-1].unknown == ("per_page",)
    world.settings.strict = True
    assert talentio(world, "/candidates", per_page=5)[0] == 400


@pytest.mark.parametrize(("zone_hours", "shift"), [(9.0, 0), (0.0, 9)])
@pytest.mark.parametrize("path", ["/candidates", "/requisitions"])
def test_the_time_filter_is_read_in_its_zone_and_includes_its_bound(
    make: Make, talentio: Ask, zone_hours: float, shift: int, path: str
) -> None:
    world = make(filter_zone_hours=zone_hours, requisitions=60, candidates=90)
    _, _, everything = talentio(world, path)
    times = sorted(datetime.fromisoformat(record["updatedAt"]) for record in everything)
    bound = times[len(times) // 2]
    asked = (bound - timedelta(hours=shift)).strftime("%Y-%m-%dT%H:%M:%S")
    _, headers, _ = talentio(world, path, updatedAtFrom=asked)
    assert int(headers["X-Total"]) == sum(time >= bound for time in times)
    _, headers, _ = talentio(world, path, updatedAtTo=asked)
    assert int(headers["X-Total"]) == sum(time <= bound for time in times)


def test_filters_by_status_and_requisition_work_together(make: Make, talentio: Ask) -> None:
    world = make(candidates=100)
    _, _, everything = talentio(world, "/candidates")
    wanted = next(it["requisition"]["id"] for it in everything if it["status"] == "pass" and it["requisition"])
    _, _, records = talentio(world, "/candidates", status="pass", requisitionIds=f"{wanted},1")
    expected = [
        record["id"]
        for record in everything
        if record["status"] == "pass" and (record["requisition"] or {}).get("id") == wanted
    ]
    assert 0 < len(expected) < sum(record["status"] == "pass" for record in everything)
    assert [record["id"] for record in records] == expected


@pytest.mark.parametrize("field", ["appliedAt", "joinedAt"])
def test_a_range_of_days_includes_both(make: Make, talentio: Ask, field: str) -> None:
    world = make(candidates=100, filter_zone_hours=9.0)
    _, _, everything = talentio(world, "/candidates")
    days = {record["id"]: record[field][:10].replace("-", "/") for record in everything if record[field]}
    first, last = (sorted(days.values())[len(days) * part // 3] for part in (1, 2))
    _, _, records = talentio(world, "/candidates", **{f"{field}From": first, f"{field}To": last})
    expected = [record["id"] for record in everything if first <= days.get(record["id"], "") <= last]
    assert [record["id"] for record in records] == expected
    assert 0 < len(expected) < 100


def test_filters_by_job_title_and_by_status_of_any_stage(make: Make, talentio: Ask) -> None:
    world = make(candidates=100)
    _, _, everything = talentio(world, "/candidates")
    titles = [((record["requisition"] or {}).get("jobTitle") or {}).get("id") for record in everything]
    title = next(filter(None, titles))
    _, _, records = talentio(world, "/candidates", jobTitleIds=f"{title},1", stageStatuses="pass,fail")
    expected = [
        record["id"]
        for record, own in zip(everything, titles, strict=True)
        if own == title and {stage["status"] for stage in record["stages"]} & {"pass", "fail"}
    ]
    assert [record["id"] for record in records] == expected
    assert expected


def test_detail_adds_evaluations_with_items_of_every_type(make: Make, talentio: Ask) -> None:
    world = make()
    _, _, listed = talentio(world, "/candidates", includeInactiveResponsibleEmployees="true")
    inputs: dict[str, set[str]] = {}
    for record in listed:
        assert all("evaluations" not in stage for stage in record["stages"])
        _, _, detail = talentio(world, f"/candidates/{record['id']}", includeInactiveResponsibleEmployees="true")
        for stage in detail["stages"]:
            for evaluation in stage.pop("evaluations"):
                for item in evaluation["items"]:
                    inputs.setdefault(item["type"], set()).add(type(item.get("input", ...)).__name__)
        assert detail == record
    assert inputs == {
        "5level": {"int", "NoneType"},
        "slide": {"int", "NoneType"},
        "select": {"str", "NoneType"},
        "bool": {"bool", "NoneType"},
        "none": {"ellipsis"},
    }


def test_values_have_the_shapes_that_the_page_warns_of(make: Make, talentio: Ask) -> None:
    world = make(channels=60, requisitions=60)
    candidates = list(world.records("talentio", "candidates"))
    assert {type(candidate["educations"]) for candidate in candidates} == {dict, list, type(None)}
    values = {type(field["value"]) for candidate in candidates for field in candidate["customFields"]}
    assert {str, int, list} <= values
    employees = [channel["employee"] for channel in world.records("talentio", "channels") if channel["employee"]]
    assert int in {type(employee["lastName"]) for employee in employees}
    assert {employee["active"] for employee in employees} == {"active", "inactive"}
    details = [record["details"] for record in world.records("talentio", "requisition_details")]
    assert {type(detail[0]) for detail in details} == {list, dict}


def test_deactivated_responsible_employees_are_left_out_unless_asked_for(make: Make, talentio: Ask) -> None:
    world = make()
    _, _, everybody = talentio(world, "/candidates", includeInactiveResponsibleEmployees="true")
    _, _, fewer = talentio(world, "/candidates")
    assert [one["id"] for one in everybody] == [one["id"] for one in fewer]
    hidden = [
        one["id"]
        for one, other in zip(everybody, fewer, strict=True)
        if len(one["responsibleEmployees"]) > len(other["responsibleEmployees"])
    ]
    assert hidden

    world.settings.inactive_hides_candidates = True
    _, headers, shown = talentio(world, "/candidates")
    assert not {one["id"] for one in shown} & set(hidden)
    assert int(headers["X-Total"]) < 120
    assert talentio(world, f"/candidates/{hidden[0]}")[0] == 404


def test_comments_have_no_id_and_one_employee_never_two_in_a_second(make: Make, talentio: Ask) -> None:
    world = make()
    candidate = world.data.ids("candidates")[0]
    for _ in range(5):
        world.data.create("comments", candidate)
    _, headers, comments = talentio(world, f"/candidates/{candidate}/comments", page=2)
    assert "X-Total" not in headers
    assert all("id" not in comment for comment in comments)
    keys = [(comment["createdAt"], (comment["employeeCreatedBy"] or {"id": 0})["id"]) for comment in comments]
    assert len(keys) == len(set(keys)) >= 5
    assert comments == [
        {name: value for name, value in comment.items() if name != "candidateId"}
        for comment in world.records("talentio", "candidate_comments")
        if comment["candidateId"] == candidate
    ]


def test_three_comments_of_one_second_have_three_authors(make: Make) -> None:
    # The first draw of this size gave one candidate's third comment the author of its first.
    comments = make(candidates=5000).records("talentio", "candidate_comments")
    keys = [(one["candidateId"], one["createdAt"], (one["employeeCreatedBy"] or {"id": 0})["id"]) for one in comments]
    assert len(keys) == len(set(keys)) > 5000


@pytest.mark.parametrize("touch", [False, True])
def test_a_comment_moves_its_candidate_only_if_set(make: Make, talentio: Ask, clock: Any, touch: bool) -> None:
    world = make(comments_touch_candidate=touch)
    candidate = world.data.ids("candidates")[0]
    before = talentio(world, f"/candidates/{candidate}")[2]
    clock.advance(60)
    world.data.create("comments", candidate)
    after = talentio(world, f"/candidates/{candidate}")[2]
    assert (before["updatedAt"] != after["updatedAt"]) is touch
    assert {**before, "updatedAt": "", "fixedAt": ""} == {**after, "updatedAt": "", "fixedAt": ""}


def test_chosen_endpoints_answer_403_or_404(make: Make, talentio: Ask) -> None:
    world = make(answers=(("*/employees", 403), ("*/workspaces", 404)))
    assert talentio(world, "/employees")[0] == 403
    assert talentio(world, "/workspaces")[0] == 404
    assert talentio(world, "/channels")[0] == 200


def test_wrong_credentials_are_401(make: Make) -> None:
    world = make()
    for authorization in ("", "Bearer wrong", f"Basic {world.settings.access_token}"):
        assert world.handle("GET", "/talentio/api/v1/candidates", "", {"authorization": authorization})[0] == 401
