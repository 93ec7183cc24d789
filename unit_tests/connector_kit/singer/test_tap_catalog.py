"""Catalogs: found without a config, obeyed down to nested fields, and never able to break keys, cursors or types."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from connector_kit.singer.states import Refused
from unit_tests.support.taps import TINY, Catalog, TapAccount, tap_of


@pytest.mark.slow
def test_a_catalog_needs_no_config_and_is_the_same_with_one(account: TapAccount) -> None:
    assert tap_of(account.source)(validate_config=False).catalog_dict == account.catalog().document


def test_every_field_has_metadata_and_keys_and_cursors_are_automatic(account: TapAccount) -> None:
    for entry in account.catalog().document["streams"]:
        declared = {tuple(item["breadcrumb"]): item["metadata"] for item in entry["metadata"]}
        assert declared.keys() == {(), *breadcrumbs(entry["schema"])}
        automatic = {*entry["key_properties"], entry.get("replication_key")} - {None}
        for breadcrumb, metadata in declared.items():
            wanted = "automatic" if len(breadcrumb) == 2 and breadcrumb[1] in automatic else "available"
            assert metadata["inclusion"] == wanted, (entry["tap_stream_id"], breadcrumb)
        root = declared[()]
        assert root["table-key-properties"] == entry["key_properties"] != []
        assert root.get("valid-replication-keys", [None]) == [entry.get("replication_key")]


def test_composite_keys_are_whole(talentio: TapAccount, talentics: TapAccount) -> None:
    assert talentio.catalog().entry("evaluation_items")["key_properties"] == ["evaluationId", "position"]
    assert talentics.catalog().entry("aspect_scores")["key_properties"] == [
        "ticket_id", "assessment_slug", "aspect_slug",
    ]  # fmt: skip


def test_a_deselected_field_is_in_no_schema_and_no_record(talentio: TapAccount) -> None:
    catalog = talentio.catalog().select("candidates")
    output = talentio.run(catalog=catalog.deselect("candidates", "email").deselect("candidates", "requisition", "name"))
    (schema,) = (message["schema"] for message in output.of("SCHEMA"))
    assert "email" not in schema["properties"]
    assert "name" not in schema["properties"]["requisition"]["properties"]
    assert output.judged().findings == []
    rows = output.rows("candidates")
    assert any(row["requisition"] for row in rows)
    assert not any("email" in row or "name" in (row["requisition"] or {}) for row in rows)


def test_keys_and_cursors_cannot_be_deselected_even_by_a_catalog_that_says_so(talentio: TapAccount) -> None:
    catalog = talentio.catalog().select("evaluation_items")
    for name in ("evaluationId", "position", "candidateUpdatedAt"):
        catalog.metadata("evaluation_items", name).update({"selected": False, "inclusion": "available"})
    entry = catalog.entry("evaluation_items")
    entry.update({"key_properties": ["position"], "replication_key": None})
    output = talentio.run(catalog=catalog)
    (schema,) = output.of("SCHEMA")
    assert schema["key_properties"] == ["evaluationId", "position"]
    assert schema["bookmark_properties"] == ["candidateUpdatedAt"]
    assert output.judged().require_bookmarks(["evaluation_items"]).findings == []


@pytest.mark.slow
def test_types_are_the_taps_whatever_an_old_catalog_tells(talentio: TapAccount) -> None:
    """A catalog from before `personal_data: hash` would promise numbers and times where texts come."""
    output = talentio.run(
        {"personal_data": "hash", "personal_data_key": "a long random text"}, catalog=talentio.catalog()
    )
    assert output.judged().findings == []


def test_a_field_that_is_new_since_the_catalog_was_made_is_not_sent_unasked(talentio: TapAccount) -> None:
    catalog = talentio.catalog().select("candidates")
    entry = catalog.entry("candidates")
    del entry["schema"]["properties"]["email"]
    entry["metadata"] = [item for item in entry["metadata"] if "email" not in item["breadcrumb"]]
    output = talentio.run(catalog=catalog)
    assert output.judged().findings == []
    assert output.rows("candidates")
    assert not any("email" in row for row in output.rows("candidates"))


def test_a_deselected_stream_costs_no_request(talentio: TapAccount) -> None:
    sent = talentio.run(catalog=talentio.catalog().select("channels")).sent
    assert [url.partition("?")[0] for url in sent] == ["/talentio/api/v1/channels"]


def test_a_child_comes_without_its_parent(talentio: TapAccount) -> None:
    output = talentio.run(catalog=talentio.catalog().select("candidate_comments"))
    judge = output.judged()
    assert judge.findings == []
    assert judge.rows.keys() == {"candidate_comments"}
    assert judge.rows["candidate_comments"]


def test_no_stream_at_all_is_an_empty_state(talentio: TapAccount) -> None:
    output = talentio.run(catalog=talentio.catalog().select())
    assert [output.error, output.sent, output.messages] == [
        None, [], [{"type": "STATE", "value": {"bookmarks": {}}}],
    ]  # fmt: skip


def entry_level(catalog: Catalog, method: str) -> None:
    catalog.entry("candidates")["replication_method"] = method


def in_metadata(catalog: Catalog, method: str) -> None:
    catalog.metadata("candidates")["replication-method"] = method


def forced_in_metadata(catalog: Catalog, method: str) -> None:
    catalog.metadata("candidates")["forced-replication-method"] = method


@pytest.mark.slow
@pytest.mark.parametrize("spell", [entry_level, in_metadata, forced_in_metadata])
def test_full_table_reads_all_again_and_keeps_no_bookmark(talentio: TapAccount, spell: Any) -> None:
    catalog = talentio.catalog().select("candidates", "requisitions")
    talentio.later()
    first = talentio.run(catalog=catalog)
    full = Catalog(copy.deepcopy(catalog.document))
    spell(full, "FULL_TABLE")
    again = talentio.run(catalog=full, state=first.state)
    assert len(again.rows("candidates")) == len(first.rows("candidates")) == TINY["candidates"]
    assert not any("/candidates?" in url and "updatedAtFrom" in url for url in again.sent)
    assert again.rows("requisitions") == []
    assert again.state["bookmarks"].keys() == {"requisitions"}


def test_a_method_that_the_tap_lacks_is_refused_by_name(talentio: TapAccount) -> None:
    catalog = talentio.catalog()
    entry_level(catalog, "LOG_BASED")
    output = talentio.run(catalog=catalog)
    assert isinstance(output.error, Refused)
    assert "candidates" in str(output.error)
    assert "LOG_BASED" in str(output.error)
    assert (output.lines, output.sent) == ([], [])


def test_a_hand_made_catalog_needs_no_more_than_names(talentio: TapAccount) -> None:
    written = {
        "streams": [
            {"tap_stream_id": "channels", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]},
            {"tap_stream_id": "employees", "metadata": []},
        ]
    }
    output = talentio.run(catalog=Catalog(written))
    assert output.judged().findings == []
    assert output.judged().rows.keys() == {"channels"}


def test_a_catalog_survives_json(account: TapAccount) -> None:
    document = account.catalog().document
    assert json.loads(json.dumps(document)) == document


def breadcrumbs(schema: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, field in schema.get("properties", {}).items():
        path = (*above, "properties", name)
        found += [path, *breadcrumbs(field, path)]
    return found
