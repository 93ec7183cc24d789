"""What the environment says of the way to the server: refused by the variable's name, before any request, if unusable.

The variables' values are never told: a proxy's address may hold a password.
"""

from __future__ import annotations

import os
import re
import ssl
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.exceptions import HTTPError

from connector_kit.errors import config_error
from connector_kit.settings import is_host

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# The names that OpenSSL looks for in a directory; it reads no other file there.
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.[0-9]+")
_UNREADABLE = "the proxy's address can't be read"
_PROXY = re.compile(r"(?:[^/?#]*@)?(?P<host>\[[0-9a-f:.%]+\]|[\w.-]+)(?::(?P<port>[0-9]*))?/?", re.IGNORECASE)


def refuse_unusable(base_url: str) -> None:
    """Raise a config error where requests to `base_url` would have to use a proxy or a CA bundle that can't be used.

    Plain http is for this very machine: neither a proxy nor a certificate comes into it.
    """
    if urlsplit(base_url).scheme != "https":
        return
    with requests.Session() as session:
        environment = session.merge_environment_settings(base_url, {}, True, None, None)
    if isinstance(bundle := environment["verify"], str):
        wrong = _wrong_with_bundle(bundle)
        if wrong:
            name = next(name for name in _BUNDLES if os.environ.get(name))
            raise config_error(
                f"{name}: {wrong}. Set this environment variable to a PEM file with the certificates to trust, or "
                "unset it."
            )
    proxy = select_proxy(base_url, environment["proxies"])
    wrong = _wrong_with_proxy(base_url, proxy) if proxy else None
    if proxy and wrong:
        raise config_error(
            f"{proxy_variable(proxy)}: {wrong}. Set this environment variable to http://host:port, or to "
            "http://user:password@host:port with all but letters and digits of both written as %XX, or unset it."
        )


def proxy_variable(proxy: str | None = None) -> str:
    """The variable that gives requests by https their proxy; the one with this value, where several do."""
    found = [name for name in os.environ if name.lower() in ("https_proxy", "all_proxy") and os.environ[name]]
    named = [name for name in found if proxy in (None, os.environ[name])]
    # As requests has it: what is for https alone goes first.
    return max(named, key=lambda name: name.lower(), default="The system's proxy settings")


def _wrong_with_bundle(path: str) -> str | None:
    if not os.path.exists(path):
        why = ", as blanks or quotation marks stand around it" if path != path.strip(" \t\r\n'\"") else ""
        return f"there is no such file or directory{why}"
    if os.path.isdir(path):
        return _wrong_with_directory(path)
    # A pipe or a device could be read once at the most, or without end.
    return _wrong_with_file(path) if os.path.isfile(path) else "it is neither a file nor a directory"


def _wrong_with_directory(path: str) -> str | None:
    try:
        names = [name for name in os.listdir(path) if _HASHED_NAME.fullmatch(name)]
    except OSError as error:
        return f"the directory can't be read ({error.strerror})"
    if any(_wrong_with_file(os.path.join(path, name)) is None for name in names):
        return None
    return "the directory holds no certificates under the names that `openssl rehash` gives them"


def _wrong_with_file(path: str) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "the file holds no certificates in PEM, or a broken one"
    except OSError as error:
        return f"the file can't be read ({error.strerror})"
    return None if context.cert_store_stats()["x509"] else "the file holds no certificates in PEM"


def _wrong_with_proxy(base_url: str, proxy: str) -> str | None:
    scheme, separator, address = proxy.partition("://")
    if separator and scheme.lower() not in ("http", "https") and not scheme.lower().startswith("socks"):
        return "the proxy's address begins with neither http:// nor https://"
    # A `/`, `?` or `#` in a password ends it too early: what stands before would be taken for the host.
    match = _PROXY.fullmatch(address if separator else proxy)
    if match is None or re.search(r"\s", proxy):
        return _UNREADABLE
    if not match["host"].startswith("[") and not is_host(match["host"]):
        return "the proxy's address has no host, or one that can't be"
    if match["port"] is not None and not 0 < int(match["port"] or 0) < 1 << 16:
        return "the proxy's port is not a number from 1 to 65535"
    request = requests.Request("GET", base_url).prepare()
    try:
        # Opens no connection, but says what the HTTP client makes of the address.
        HTTPAdapter().get_connection_with_tls_context(request, True, {"https": proxy})
    except UnicodeError:
        return "the proxy's user or password has characters that no HTTP header can hold"
    except requests.exceptions.InvalidSchema:
        return "a SOCKS proxy needs the package PySocks, which is not installed (pip install pysocks)"
    except (requests.RequestException, HTTPError, ValueError):
        return _UNREADABLE
    return None
