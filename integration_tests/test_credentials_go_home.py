"""Credentials go to the origin of `base_url` alone: not where a redirect, a link, a proxy or a lookalike leads."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from connector_kit.manifest import connection_specification
from connector_kit.settings import Settings
from integration_tests.processes import SOURCES, program, write_json
from integration_tests.scripted_runs import LISTS, all_streams, check, config_of, empty, failures, page, read, verdict
from integration_tests.scripted_server import Request, reply, run_measured, serving
from integration_tests.singer_programs import tap

every_source = pytest.mark.parametrize("source", SOURCES)


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[dict[str, Any]]]:
    return all_streams(tmp_path_factory.mktemp("catalogs"))


@pytest.mark.parametrize("literal", ["1234e567", "'a{{b}}'"])
@every_source
def test_a_credential_goes_out_as_it_was_given(tmp_path: Path, source: str, literal: str) -> None:
    """From the source and from the tap, whatever it looks like, less the blanks around it; and no log shows it."""
    secret = "app_secret" if source == "talentics" else "access_token"
    with serving(lambda _: [empty(source)]) as server:
        config = {**config_of(source, f"{server.origin}/v1"), secret: f" {literal}\n"}
        path = str(write_json(tmp_path / "config.json", config))
        for command in ([*program(source), "check", "--config", path], [*tap(source), "--config", path, "--test"]):
            result = run_measured(command, cwd=tmp_path)
            assert result.exit_code == 0
            assert literal not in result.stdout + result.stderr
    given = literal if source == "talentio" else base64.b64encode(f"an-app:{literal}".encode()).decode()
    assert {credential.partition(" ")[2] for credential in server.credentials} == {given}


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
