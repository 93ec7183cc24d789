"""Servers that mean harm: credentials stay at home, memory and time are bounded, and each attack has a name."""

from __future__ import annotations

import gzip
import ssl
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from own_server import Answers, Measured, Request, reply, run_measured, serving
from processes import SOURCES, configured, discovered, program, run, write_json

from connector_kit.manifest import connection_specification
from connector_kit.settings import Settings

CREDENTIALS = {
    "talentics": {"app_id": "an-app", "app_secret": "its-long-secret"},
    "talentio": {"access_token": "a-long-access-token"},
}
# Lists that hang on no other.
LISTS = {
    "talentics": ("exams", "jobs"),
    "talentio": ("candidates", "requisitions", "job_titles", "channels", "employees", "employee_groups", "workspaces"),
}
# A bare `read` of a small account peaks at some 150 MB.
MOST_MEMORY = 400
MB = 1 << 20
every_source = pytest.mark.parametrize("source", SOURCES)


def impatient(source: str, **constants: str) -> list[str]:
    """The program, with constants of the kit replaced: pauses and time-outs of minutes would be minutes here too."""
    patches = ""
    for name, value in constants.items():
        module, _, constant = name.partition(".")
        patches += f"import connector_kit.{module} as kit; kit.{constant} = {value}; "
    return [sys.executable, "-c", f"{patches}from source_{source}.__main__ import main; main()"]


def config_of(source: str, base_url: str) -> dict[str, Any]:
    return {**CREDENTIALS[source], "base_url": base_url, "rate_limit_requests": 1_000_000}


def check(
    source: str, base_url: str, folder: Path, env: Mapping[str, str] | None = None, command: Sequence[str] = ()
) -> Measured:
    config = write_json(folder / "config.json", config_of(source, base_url))
    return run_measured([*(command or program(source)), "check", "--config", str(config)], cwd=folder, env=env)


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("catalogs")
    return {
        source: discovered(
            run(
                program(source),
                "discover",
                "--config",
                write_json(folder / source, config_of(source, "https://a.test")),
            )
        )
        for source in SOURCES
    }


def read(
    source: str,
    base_url: str,
    folder: Path,
    streams: Sequence[Mapping[str, Any]],
    names: Iterable[str],
    command: Sequence[str] = (),
) -> Measured:
    selected = configured([stream for stream in streams if stream["name"] in set(names)])
    return run_measured(
        [*(command or program(source)), "read"],
        "--config", write_json(folder / "config.json", config_of(source, base_url)),
        "--catalog", write_json(folder / "catalog.json", selected),
        cwd=folder,
    )  # fmt: skip


def verdict(result: Measured) -> tuple[str, str]:
    (message,) = result.of_type("CONNECTION_STATUS")
    return message["connectionStatus"]["status"], message["connectionStatus"].get("message", "")


def failures(result: Measured) -> dict[str, tuple[str, str]]:
    """Kind and words of what went wrong, by stream."""
    named = [error for error in result.errors() if error.get("stream_descriptor")]
    return {error["stream_descriptor"]["name"]: (error["failure_type"], error["message"]) for error in named}


def empty(source: str) -> bytes:
    """A list without a record."""
    return reply([], X_Total="0") if source == "talentio" else reply({"data": [], "meta": {"total": 0}})


def page(source: str, ids: Iterable[int], total: int | None) -> bytes:
    """A page of a list; its link leads to another server."""
    rows = [{"id": number, "updatedAt": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01 00:00:00"} for number in ids]
    if source == "talentio":
        return reply(rows, **({} if total is None else {"X_Total": str(total)}))
    meta = {} if total is None else {"total": total}
    return reply({"data": rows, "links": {"next": "http://127.0.0.1:9/stolen"}, "meta": meta})


# --- credentials go home only ----------------------------------------------------------------------------------------


@every_source
def test_no_redirect_is_followed(tmp_path: Path, catalogs: Mapping[str, Any], source: str) -> None:
    """To another host, to another path of the same one, by every status that redirects: one for each list."""
    with serving(lambda _: [empty(source)]) as other:
        turns = iter(
            [
                ("302 Found", f"{other.origin}/v1/exams"),
                ("307 Temporary Redirect", "/v1/elsewhere"),
                ("301 Moved Permanently", f"{other.origin}/v1/exams"),
                ("308 Permanent Redirect", f"{other.origin}/v1/exams"),
                ("303 See Other", "/v1/elsewhere"),
                ("300 Multiple Choices", f"//{other.origin.partition('//')[2]}/v1"),
                ("302 Found", "https://elsewhere.example.com/"),
            ]
        )

        def redirect(_: Request) -> Iterable[bytes]:
            status, target = next(turns)
            yield reply({}, status, Location=target)

        with serving(redirect) as server:
            result = read(source, f"{server.origin}/v1", tmp_path, catalogs[source], LISTS[source])
    assert result.exit_code != 0
    assert other.requests == []
    assert sorted(request.path for request in server.requests) == sorted(f"/v1/{name}" for name in LISTS[source])
    told = failures(result)
    assert told.keys() == set(LISTS[source])
    for name, (kind, words) in told.items():
        assert kind == "config_error"
        assert f"/v1/{name} answered with a redirect" in words
        assert "base_url" in words


@every_source
def test_a_link_to_the_next_page_is_not_followed(tmp_path: Path, catalogs: Mapping[str, Any], source: str) -> None:
    with serving(
        lambda request: [page(source, [1], 1) if request.target.endswith("page=1") else empty(source)]
    ) as server:
        result = read(source, f"{server.origin}/v1", tmp_path, catalogs[source], LISTS[source])
    assert result.exit_code == 0
    assert {request.path for request in server.requests} == {f"/v1/{name}" for name in LISTS[source]}


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1.evil.example/v1",
        "http://localhost.evil.example/v1",
        "http://api.talentics.id/v2",
        "http://0x7f.1.evil.example/v1",
        "http://[2001:db8::1]/v1",
        "http://10.0.0.1/v1",
        "http://0.0.0.0/v1",
        "http://127.0.0.1@evil.example/v1",
        "http://user:pass-word@127.0.0.1/v1",
        "https://user:pass-word@api.talentics.id/v2",
        "http://evil.example#@127.0.0.1/v1",
        "http://evil.example?@127.0.0.1/v1",
        "http://evil.example\\@127.0.0.1/v1",
        "ftp://127.0.0.1/v1",
        "//127.0.0.1/v1",
        "file:///etc/passwd",
    ],
)
@every_source
def test_a_base_url_that_leads_astray_is_refused(source: str, base_url: str) -> None:
    """By the program's own check of the config, which runs before it connects to anything."""
    words = refusal(source, base_url)
    assert words is not None
    assert words.startswith("base_url: ")
    assert "pass-word" not in words


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:8080/v1",
        "http://127.8.9.1/v1",
        "http://localhost/v1",
        "http://[::1]:80/v1",
        "https://x.example",
    ],
)
@every_source
def test_a_base_url_of_this_machine_or_with_tls_is_taken(source: str, base_url: str) -> None:
    assert refusal(source, base_url) is None


def refusal(source: str, base_url: str) -> str | None:
    """What the check of the config says against a base URL."""
    try:
        Settings.from_config(config_of(source, base_url), connection_specification(f"source_{source}"))
    except AirbyteTracedException as error:
        return error.message
    return None


@every_source
def test_a_refused_base_url_is_told_by_the_program(tmp_path: Path, source: str) -> None:
    result = check(source, "https://user:pass-word@127.0.0.1.evil.example/v1", tmp_path)
    assert verdict(result)[0] == "FAILED"
    assert "pass-word" not in result.stdout + result.stderr


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody has signed but its own key, and that key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "self-signed.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    return file


@every_source
def test_a_certificate_that_nobody_signed_is_refused(tmp_path: Path, certificate: Path, source: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(lambda _: [empty(source)], tls=context) as server:
        refused = check(source, f"{server.origin}/v1", tmp_path)
        assert server.requests == []
        # The same server, once the machine trusts it: so it was the certificate.
        trusted = check(source, f"{server.origin}/v1", tmp_path, env={"REQUESTS_CA_BUNDLE": str(certificate)})
    status, words = verdict(refused)
    assert status == "FAILED"
    assert "TLS certificate could not be verified" in words
    assert verdict(trusted)[0] == "SUCCEEDED"
    assert len(server.requests) == 1


@every_source
def test_the_environment_can_not_send_credentials_elsewhere(tmp_path: Path, source: str) -> None:
    """Neither a proxy, to which a loopback address would go in the clear, nor a .netrc, which would replace them."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login stranger password of-a-stranger\n")
    (tmp_path / ".netrc").chmod(0o600)
    with serving(lambda _: [empty(source)]) as proxy, serving(lambda _: [empty(source)]) as server:
        proxies = dict.fromkeys(["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"], proxy.origin)
        env = {**proxies, "NO_PROXY": "", "HOME": str(tmp_path), "NETRC": str(tmp_path / ".netrc")}
        result = check(source, f"{server.origin}/v1", tmp_path, env=env)
    assert verdict(result)[0] == "SUCCEEDED"
    assert proxy.requests == []
    assert len(server.credentials) == 1
    assert "c3RyYW5nZXI6" not in server.credentials[0], "that is `stranger:` in Base64"


# --- memory and time stay bounded ------------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def gigabyte(_: Request) -> Iterator[bytes]:
    yield HEAD + b"Content-Length: %d\r\n\r\n" % (1 << 30)
    yield from (b"[" + b" " * (MB - 1) for _ in range(1 << 10))


def gigabyte_in_chunks(_: Request) -> Iterator[bytes]:
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    yield from (b"%x\r\n%b\r\n" % (MB, b" " * MB) for _ in range(1 << 10))


def compressed_bomb(_: Request) -> Iterator[bytes]:
    """A gigabyte of blanks in a megabyte."""
    squeezed = b"".join(gzip.compress(b" " * (16 * MB)) for _ in range(64))
    yield HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(squeezed) + squeezed


def bomb_in_a_bomb(_: Request) -> Iterator[bytes]:
    squeezed = gzip.compress(b"".join(gzip.compress(b" " * (16 * MB)) for _ in range(64)))
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
        command = impatient(source, **{"flights._CHECK_TIMEOUT": "(5.0, 5.0)"}) if "drip" in attack else ()
        result = check(source, f"{server.origin}/v1", tmp_path, command=command)
    status, words = verdict(result)
    assert status == "FAILED"
    assert name in words
    assert f"/v1/{'exams' if source == 'talentics' else 'employee_groups'}" in words
    assert result.peak < MOST_MEMORY
    assert len(server.requests) == 1


def test_a_read_outlives_them_all_at_once(tmp_path: Path, catalogs: Mapping[str, Any]) -> None:
    """One attack for each list, tried again like any fault that passes; the list that is well comes to its end."""
    attacks: dict[str, Callable[[Request], Iterable[bytes]]] = {
        "candidates": gigabyte,
        "requisitions": compressed_bomb,
        "job_titles": wide,
        "channels": deep_objects,
        "employees": dripping_body,
        "employee_groups": dripping_header,
        "workspaces": lambda _: [page("talentio", [1], 1)],
    }
    command = impatient("talentio", **{"flights.PAUSES": "(0.01, 0.01)", "requester._WHOLE_ANSWER": "0.02"})
    with serving(lambda request: attacks[request.path.rpartition("/")[2]](request)) as server:
        result = read("talentio", f"{server.origin}/v1", tmp_path, catalogs["talentio"], attacks, command)
    assert result.exit_code != 0
    assert result.peak < MOST_MEMORY
    told = failures(result)
    assert told.keys() == attacks.keys() - {"workspaces"}
    assert {kind for kind, _ in told.values()} == {"transient_error"}
    assert all(f"/v1/{name}: no usable answer" in words for name, (_, words) in told.items())
    assert [row["id"] for row in result.records()["workspaces"]] == [1]


def same_page(source: str, request: Request) -> bytes:
    return page(source, range(100), 1_000)


def same_page_without_a_total(source: str, request: Request) -> bytes:
    return page(source, range(100), None)


def ever_more_pages(source: str, request: Request) -> bytes:
    """A total that is always a page away."""
    number = int(request.target.rpartition("page=")[2].partition("&")[0])
    return page(source, range(100 * number, 100 * number + 100), 100 * number + 101)


def great_promise(source: str, request: Request) -> bytes:
    """More than any company has, and all of it comes."""
    number = int(request.target.rpartition("page=")[2].partition("&")[0])
    return page(source, range(100 * number, 100 * number + 100), 10**15)


@pytest.mark.parametrize("endless", [same_page, same_page_without_a_total, ever_more_pages, great_promise])
@every_source
def test_a_list_without_an_end_is_named(
    tmp_path: Path, catalogs: Mapping[str, Any], source: str, endless: Callable[[str, Request], bytes]
) -> None:
    name = LISTS[source][0]
    command = impatient(source, **{"paging._SPARE_PAGES": "10", "paging._MOST_PAGES": "20"})
    with serving(lambda request: [endless(source, request)]) as server:
        result = read(source, f"{server.origin}/v1", tmp_path, catalogs[source], [name], command)
    assert result.exit_code != 0
    kind, words = failures(result)[name]
    assert kind == "transient_error"
    assert words.startswith(f"/v1/{name}: the list comes to no end: ")
    assert len(server.requests) <= 21
    # What was not read to its end is not taken for read.
    assert [state for state in result.last_states() if state["stream"].get("stream_state")] == []
