"""The docs say what the code does: fields, streams, messages, classes of personal data, links."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from airbyte_cdk.models import AirbyteStateBlob, AirbyteStateMessage, AirbyteStreamState, StreamDescriptor
from airbyte_cdk.sources.streams.http.error_handlers import ErrorResolution
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from connector_kit.errors import Redirected, RequestFailure, UnexpectedAnswer, endless
from connector_kit.http.failure_table import PAUSES, FailureTable, lasting
from connector_kit.settings import Settings
from connector_kit.source import ManifestSource, read_manifest, stream_name
from tools import personal_data_page
from unit_tests.support.doc_pages import PAGES, ROOT, section, under

WRITTEN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

CREDENTIALS = {
    "source_talentics": {"app_id": "app", "app_secret": "secret"},
    "source_talentio": {"access_token": "token"},
}
# The paths that the pages show in their examples: a list, one whose path is inferred, a detail.
EXAMPLES = {
    "source_talentics": ("/v2/exams", None),
    "source_talentio": ("/api/v1/candidates", "/api/v1/job_titles"),
}

every_source = pytest.mark.parametrize("source", PAGES)


@cache
def manifest(source: str) -> dict[str, Any]:
    return read_manifest(source)


def streams(source: str) -> dict[str, dict[str, Any]]:
    return {stream_name(stream): stream for stream in manifest(source)["streams"]}


def specification(source: str) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = manifest(source)["spec"]["connection_specification"]
    return spec


def rows(text: str) -> dict[str, list[str]]:
    """The rows of a section's tables by their first cell, without the backticks."""
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    return {row[0].strip("`"): row[1:] for row in cells}


# --- the pages of the sources ----------------------------------------------------------------------------------------


@every_source
def test_configuration_table_has_each_field_with_its_default(source: str) -> None:
    table = rows(section(PAGES[source], "Configuration"))
    for name, field in specification(source)["properties"].items():
        assert name in table, f"{name} is missing"
        if "default" in field:
            default = field["default"]
            spelled = json.dumps(default) if isinstance(default, bool) else str(default)
            assert table[name][0] == f"`{spelled}`", f"{name}: the default is {spelled}"
    known = set(specification(source)["properties"])
    assert {name for name in table if "_" in name} <= known


def test_the_filters_table_has_each_field_of_it() -> None:
    table = rows(section(PAGES["source_talentio"], "Candidate filter"))
    declared = specification("source_talentio")["properties"]["candidate_filter"]["properties"]
    assert {name for name in table if name.islower()} - {"field"} == set(declared)


@every_source
def test_streams_table_has_each_stream_with_its_key_and_cursor(source: str) -> None:
    table = rows(section(PAGES[source], "Streams"))
    for name, stream in streams(source).items():
        assert name in table, f"{name} is missing"
        _, key, cursor, *_ = table[name]
        assert key == ", ".join(f"`{part}`" for part in stream["primary_key"]), name
        declared = stream.get("incremental_sync")
        assert cursor == (f"`{declared['cursor_field']}`" if declared else "none"), name


def _lasting(fault: ErrorResolution) -> str:
    assert isinstance(fault, RequestFailure)
    return lasting(fault, len(PAUSES) + 1, "5 min").error_message or ""


def failures(source: str) -> Iterator[tuple[str, str]]:
    """What requests that fail tell the user, each with the words that its heading begins with."""
    path, inferred_path = EXAMPLES[source]
    table = failure_table(source, next(iter(streams(source))))
    for status, words in ((400, ""), (401, ""), (403, ""), (404, " on a list"), (429, ": the rate limit is used up")):
        yield f"HTTP {status}{words}", message(table, answer(path, status))
    yield (
        "The server failed",
        _lasting(table.interpret_response(answer(path, 503))),
    )
    junk = UnexpectedAnswer("HTTP 200 with an HTML page")
    junk.path = path
    yield "An answer that is not", _lasting(table.interpret_response(junk))
    yield "A list never ends", endless(path, "page 3 has the same records as the page before").message or ""
    yield "The TLS certificate can't be verified", message(table, requests.exceptions.SSLError())
    plain = requests.exceptions.SSLError("[SSL: WRONG_VERSION_NUMBER] wrong version number")
    yield "The server answers in plain http", message(table, plain)
    yield "The server redirects", message(table, Redirected(path, 302))
    if inferred_path:
        yield "HTTP 404 on a list", message(failure_table(source, Path(inferred_path).name), answer(inferred_path, 404))


def failure_table(source: str, stream: str) -> FailureTable:
    declared = streams(source)[stream]["retriever"]["requester"]["error_handler"]
    words = {name: value for name, value in declared.items() if name in FailureTable.__dataclass_fields__}
    return FailureTable(config={"base_url": specification(source)["properties"]["base_url"]["default"]}, **words)


def answer(path: str, status: int) -> requests.Response:
    response = requests.Response()
    response.url, response.status_code = f"https://host{path}?page=1", status
    return response


def message(table: FailureTable, what: requests.Response | Exception) -> str:
    text = table.interpret_response(what).error_message
    assert text
    return text


WRONG_FILTERS: list[dict[str, Any]] = [
    {"requisition_id": 12},
    {"requisition_ids": []},
    {"status": ["passed"]},
    {"applied_from": "31.01.2024"},
    {"applied_from": "2024-02-30"},
    {"applied_from": "2024-02-01", "applied_to": "2024-01-31"},
]


def wrong_settings(source: str) -> Iterator[tuple[str, str]]:
    """What wrong values in the configuration tell the user."""
    required = next(iter(CREDENTIALS[source]))
    filters = WRONG_FILTERS if "candidate_filter" in specification(source)["properties"] else []
    configs: list[dict[str, Any]] = [
        *({"candidate_filter": wrong} for wrong in filters),
        {required: ""},
        {required: "two\nlines"},
        {"start_date": "yesterday"},
        {"start_date": "2999-01-31"},
        {"personal_data": "mask"},
        {"personal_data": "hash"},
        {"base_url": "example"},
        {"base_url": "http://example.com"},
        {"base_url": "https://user:password@example.com"},
        {"rate_limit_requests": "50"},
        {"rate_limit_requests": 0},
        {"rate_limit_period": "15 minutes"},
        {"num_workers": 50},
    ]
    for wrong in configs:
        with pytest.raises(AirbyteTracedException) as raised:
            Settings.from_config({**CREDENTIALS[source], **wrong}, specification(source))
        is_address = "base_url" in wrong
        yield "The base URL" if is_address else "A value in the configuration", raised.value.message or ""


def wrong_states(source: str) -> Iterator[tuple[str, str]]:
    """What states that the connector did not write tell the user."""
    first = next(iter(streams(source)))
    for name, blob in ((first, {"cursor": "2024-01-31"}), ("users", {})):
        state = AirbyteStateMessage(
            stream=AirbyteStreamState(
                stream_descriptor=StreamDescriptor(name=name), stream_state=AirbyteStateBlob(blob)
            )
        )
        config = CREDENTIALS[source]
        with pytest.raises(AirbyteTracedException) as raised:
            ManifestSource(source, config=config, state=[state]).streams(config)
        yield "The saved state can't be used", raised.value.message or ""


@pytest.mark.slow
@every_source
@pytest.mark.parametrize("messages", [failures, wrong_settings, wrong_states], ids=lambda function: function.__name__)
def test_troubleshooting_has_each_message_as_it_is_under_its_heading(source: str, messages: Any) -> None:
    for words, text in messages(source):
        shown = under(PAGES[source], words).splitlines()
        assert any(text in line for line in shown), f"{PAGES[source].name}, {words}, does not explain: {text}"


# Messages that are no failure of one request; as they hold times and counts, by their pattern.
TIME = r"\d\d:\d\d:\d\d UTC"
OTHER_WORDS = {
    "HTTP 404 on a detail": r"^\w+: no record for \d+ of \d+ \w+ \(HTTP 404( or an empty answer)?\)\. This ",
    "HTTP 404 on a detail: there": r"^\w+: /\S+ answered HTTP 404 for all \d+ \w+\. The vendor's ",
    "HTTP 429: the": rf"^The rate limit is used up\. It resets at {TIME}; check again then\. This says nothing ",
    "HTTP 429": r"^The rate limit is used up\. The server does not say when it resets; it takes \d+ min at most\. ",
    "The sync seems to hang": rf"^\w+: limit of \d+ per \d+ min reached; next request at {TIME}; [\d,]+ requests ",
    "Some streams failed": r"^\d of \d+ streams failed: [\w, ]+\. Each stream's error says why and what to do\. The ",
}


@every_source
def test_troubleshooting_has_what_the_log_and_the_check_say_of_limits_and_of_what_is_missing(source: str) -> None:
    for words, pattern in OTHER_WORDS.items():
        assert re.search(pattern, under(PAGES[source], words), flags=re.MULTILINE), words


# What makes a message, in the kit's code.
TELLS = {
    "UnreadableFile",
    "_fail",
    "_retry",
    "config_error",
    "unreadable",
    "AirbyteTracedException",
    "Redirected",
    "UnexpectedAnswer",
    "BeyondBounds",
}
# Below this a piece between two values, such as " on ", says nothing.
TELLING = 10


def told(node: ast.AST) -> Iterator[str]:
    """The fixed words of a message: all of its text but the values in it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, (ast.JoinedStr, ast.BinOp, ast.IfExp)):
        for part in ast.iter_child_nodes(node):
            yield from told(part)


def messages_in(tree: ast.AST) -> Iterator[ast.expr]:
    """What is given to the functions that make messages, and what `_what` says of a cause."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in TELLS:
            yield from node.args
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "message")
        elif isinstance(node, ast.FunctionDef) and node.name == "_what":
            yield from (it.value for it in ast.walk(node) if isinstance(it, ast.Return) and it.value is not None)


def words_of_the_kit() -> Iterator[tuple[str, str]]:
    """Each piece of a message that the kit's code can say to a user, with its place."""
    for file in sorted((ROOT / "connector_kit").rglob("*.py")):
        for node in messages_in(ast.parse(file.read_text(encoding="utf-8"))):
            pieces = [words.strip(" .:`(") for words in told(node)]
            yield from ((f"{file.name}:{node.lineno}", piece) for piece in pieces if len(piece) >= TELLING)


def test_the_kits_words_are_found() -> None:
    """So that the next test can fail: a message of each kind."""
    pieces = {piece for _, piece in words_of_the_kit()}
    assert {"the host name could not be resolved", "JSON that holds no record", "is not a time"} <= pieces


# What only lists of another list's records can be: `/exams/{id}/tickets`.
OF_CHILD_LISTS = ("does not exist for any of", "parents (HTTP 404). Check base_url", "all parents were deleted")
# What only the fields of a configured object can be.
OF_OBJECTS = ("there is no such", "none of its fields has a value", "is later than", "so nothing would be read")


@every_source
def test_troubleshooting_has_whatever_the_kit_can_say(source: str) -> None:
    page = section(PAGES[source], "Troubleshooting")
    missing = [f"{place}: {piece}" for place, piece in words_of_the_kit() if piece not in page]
    if all("incremental_sync" in stream for stream in streams(source).values()):
        missing = [it for it in missing if "this stream has no cursor" not in it]
    if not any({"paginator", "partition_router"} <= stream["retriever"].keys() for stream in streams(source).values()):
        missing = [it for it in missing if not any(words in it for words in OF_CHILD_LISTS)]
    if not any("properties" in field for field in specification(source)["properties"].values()):
        missing = [it for it in missing if not any(words in it for words in OF_OBJECTS)]
    assert missing == []


@every_source
def test_troubleshooting_says_under_each_heading_what_to_do(source: str) -> None:
    parts = re.split(r"^### (.+)$", section(PAGES[source], "Troubleshooting"), flags=re.MULTILINE)
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        said = re.sub(r"```.*?```", "", text, flags=re.DOTALL).strip()
        assert len(said.split()) >= 8, heading


# --- personal data ---------------------------------------------------------------------------------------------------


def test_personal_data_page_is_what_the_schemas_say() -> None:
    assert personal_data_page.PAGE.read_text(encoding="utf-8") == personal_data_page.render(), "run: make generate"


# --- all pages -------------------------------------------------------------------------------------------------------

LINK = re.compile(r"(?<!\!)\[[^\]]+\]\(([^)\s]+)\)")


def without_code(page: Path) -> str:
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", without_code(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(without_code(page)):
        parts = urlsplit(target)
        if parts.scheme:
            assert parts.scheme == "https", target
            continue
        file = (page.parent / parts.path).resolve() if parts.path else page
        assert file.exists(), target
        if parts.fragment:
            assert parts.fragment in anchors(file), target


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_nothing_is_left_to_be_written(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert not re.search(r"\b(TODO|TBD|FIXME|XXX|lorem ipsum)\b", text, flags=re.IGNORECASE)


def test_each_page_is_linked_from_the_readme() -> None:
    linked = {(ROOT / target.partition("#")[0]).resolve() for target in LINK.findall(without_code(ROOT / "README.md"))}
    assert {page for page in WRITTEN if page.parent.name in ("docs", "ja", "id")} <= linked


# --- pages in other languages ----------------------------------------------------------------------------------------

TRANSLATIONS = {
    "source_talentics": ROOT / "docs" / "id" / "talentics.md",
    "source_talentio": ROOT / "docs" / "ja" / "talentio.md",
}


@pytest.mark.parametrize("source", TRANSLATIONS)
def test_a_translation_names_fields_streams_and_defaults_as_they_are(source: str) -> None:
    page = TRANSLATIONS[source].read_text(encoding="utf-8")
    fields = specification(source)["properties"]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", page))
    assert named - fields.keys() - streams(source).keys() == set()
    assert set(specification(source)["required"]) <= named
    for name in ("start_date", "personal_data", "personal_data_key", "rate_limit_requests"):
        (row,) = re.findall(rf"^\| `{name}` \| (.+) \|$", page, flags=re.MULTILINE)
        assert str(fields[name].get("default", "")) in row
    for example in re.findall(r"```json\n(.+?)\n```", page, flags=re.DOTALL):
        assert json.loads(example).keys() <= fields.keys()


@pytest.mark.parametrize("source", TRANSLATIONS)
def test_a_translation_says_of_each_option_what_the_readmes_first_screen_says(source: str) -> None:
    screen = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    promises = screen.partition("apart:")[2].partition("\n|")[0]
    named = set(re.findall(r"`(\w+)`", promises))
    assert "detect_deletions" in named
    page = TRANSLATIONS[source].read_text(encoding="utf-8")
    assert {name for name in named if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("source", TRANSLATIONS)
def test_a_translations_commands_are_those_of_the_english_pages(source: str) -> None:
    def commands(text: str) -> set[str]:
        found = re.findall(r"^\$ (.+?)(?: +#.*)?$", text, flags=re.MULTILINE)
        return {line.replace("talentics", "talentio") for line in (*found, *re.findall(r"`(make [^`]+)`", text))}

    english = commands((ROOT / "README.md").read_text(encoding="utf-8"))
    assert commands(TRANSLATIONS[source].read_text(encoding="utf-8")) - english == set()


def test_contributing_names_files_and_parts_that_are_there() -> None:
    text = without_code(ROOT / "docs" / "CONTRIBUTING.md")
    places = [ROOT, ROOT / "connector_kit", ROOT / "unit_tests"]
    missing = [
        path
        for path in re.findall(r"`([\w./]+(?:\.\w+|/))`", text)
        if ("/" in path or path.endswith(".py")) and not any((place / path).exists() for place in places)
    ]
    assert missing == []
    kit = {
        node.name: node
        for file in (ROOT / "connector_kit").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    named = re.findall(r"`([A-Z]\w*[a-z]\w*)(?:\.(\w+))?`", text)
    assert ("Requester", "send") in named
    unknown = {name for name, _ in named} - set(kit)
    assert unknown <= {"RecordSelector"}, "a part of the CDK"
    for name, method in named:
        if method:
            assert method in {getattr(node, "name", "") for node in kit[name].body}, f"{name}.{method}"
