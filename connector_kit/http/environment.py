"""Checks the environment's proxy and CA bundle before any request.

Messages name the variable, never its value: a proxy's address may hold a password.
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

from connector_kit.config_errors import config_error
from connector_kit.settings import is_host

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# The only names that OpenSSL looks for in a directory: `5ed36f99.0`.
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.[0-9]+")
_UNREADABLE_PROXY = "the proxy's address can't be read"
_PROXY = re.compile(r"(?:[^/?#]*@)?(?P<host>\[[0-9a-f:.%]+\]|[\w.-]+)(?::(?P<port>[0-9]*))?/?", re.IGNORECASE)


def refuse_unusable(base_url: str) -> None:
    """Check the proxy and CA bundle that requests to `base_url` would use.

    Plain http only goes to this very machine, so it needs neither.

    Raises:
        AirbyteTracedException: a config error that names the environment variable.
    """
    if urlsplit(base_url).scheme != "https":
        return
    with requests.Session() as session:
        environment = session.merge_environment_settings(base_url, {}, True, None, None)
    if isinstance(bundle := environment["verify"], str):
        problem = _problem_with_bundle(bundle)
        if problem:
            name = next(name for name in _BUNDLES if os.environ.get(name))
            raise config_error(
                f"{name}: {problem}. Set this environment variable to a PEM file with the certificates to trust, or "
                "unset it."
            )
    proxy = select_proxy(base_url, environment["proxies"])
    problem = _problem_with_proxy(base_url, proxy) if proxy else None
    if proxy and problem:
        raise config_error(
            f"{proxy_variable(proxy)}: {problem}. Set this environment variable to http://host:port, or to "
            "http://user:password@host:port with everything but letters and digits in user and password written as "
            "%XX, or unset it."
        )


def proxy_variable(proxy: str | None = None) -> str:
    """Return the name of the variable that sets the proxy for https; with `proxy`, of the one that has this value."""
    found = [name for name in os.environ if name.lower() in ("https_proxy", "all_proxy") and os.environ[name]]
    named = [name for name in found if proxy in (None, os.environ[name])]
    # requests prefers the variable for https alone.
    return max(named, key=lambda name: name.lower(), default="The system's proxy settings")


def _problem_with_bundle(path: str) -> str | None:
    if not os.path.exists(path):
        why = " (the value has blanks or quotation marks around it)" if path != path.strip(" \t\r\n'\"") else ""
        return f"there is no such file or directory{why}"
    if os.path.isdir(path):
        return _problem_with_directory(path)
    # A pipe can be read only once, and a device without end.
    return _problem_with_file(path) if os.path.isfile(path) else "it is neither a file nor a directory"


def _problem_with_directory(path: str) -> str | None:
    try:
        names = [name for name in os.listdir(path) if _HASHED_NAME.fullmatch(name)]
    except OSError as error:
        return f"the directory can't be read ({error.strerror})"
    if any(_problem_with_file(os.path.join(path, name)) is None for name in names):
        return None
    return "the directory holds no certificates under the names that `openssl rehash` gives them"


def _problem_with_file(path: str) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "the file holds no certificates in PEM, or a broken one"
    except OSError as error:
        return f"the file can't be read ({error.strerror})"
    return None if context.cert_store_stats()["x509"] else "the file holds no certificates in PEM"


def _problem_with_proxy(base_url: str, proxy: str) -> str | None:
    scheme, separator, address = proxy.partition("://")
    if separator and scheme.lower() not in ("http", "https") and not scheme.lower().startswith("socks"):
        return "the proxy's address begins with neither http:// nor https://"
    # A `/`, `?` or `#` in a password would end it early, and what precedes it would be taken for the host.
    match = _PROXY.fullmatch(address if separator else proxy)
    if match is None or re.search(r"\s", proxy):
        return _UNREADABLE_PROXY
    if not match["host"].startswith("[") and not is_host(match["host"]):
        return "the proxy's address has no host, or an impossible one"
    if match["port"] is not None and not 0 < int(match["port"] or 0) < 1 << 16:
        return "the proxy's port is not a number from 1 to 65535"
    request = requests.Request("GET", base_url).prepare()
    try:
        # Opens no connection, but has the HTTP client parse the address.
        HTTPAdapter().get_connection_with_tls_context(request, True, {"https": proxy})
    except UnicodeError:
        return "the proxy's user or password has characters that an HTTP header can't hold"
    except requests.exceptions.InvalidSchema:
        return "a SOCKS proxy needs the package PySocks, which is not installed (pip install pysocks)"
    except (requests.RequestException, HTTPError, ValueError):
        return _UNREADABLE_PROXY
    return None
