"""The whole sandbox without a network: `World.handle` takes a request and gives the answer.

The HTTP server is a thin skin over this class, and tests may leave it off: hold a `World`, give it a clock of your
own, look at its data and change it between two requests.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

from sandbox import faults as fault_kinds
from sandbox import talentics_api, talentio_api
from sandbox.changes import Changes
from sandbox.clock import DAY, Clock, ShiftedClock, date_header
from sandbox.faults import Fault, Faults
from sandbox.limits import Bursts, Decision, Limit, Windows
from sandbox.people import people_of
from sandbox.replies import Reply
from sandbox.request_log import RequestLog
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.talentics_api import Rewrite, TalenticsApi
from sandbox.talentio_api import TalentioApi

BeforeRequest = Callable[[str, str, dict[str, str]], None]


class World:
    """Both APIs, their data, limits and faults. Safe to use from several threads."""

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or Settings()
        self.clock: Clock = clock or ShiftedClock(self.settings.now)
        self.lock = threading.RLock()
        # Times hang on the day and not on the second of the start: two starts on one day give the same data.
        anchor = int(self.clock()) // DAY * DAY
        self.data = Store(self.settings, anchor, people_of(self.settings.seed), lambda: int(self.clock()))
        data = self.data
        self.talentics = TalenticsApi(self.settings, data.talentics)
        self.talentio = TalentioApi(self.settings, data.catalogue, data.candidates, data.comments)
        self.changes = Changes(self.settings, data, self.clock)
        self.faults = Faults(self.settings.faults, self.settings.seed)
        self.windows = Windows()
        self.bursts = Bursts()
        self.log = RequestLog()
        self.before_request: BeforeRequest | None = None
        """Called with method, path and query before each request is handled; may change data, settings or the clock."""

    def set_rewrite(self, rewrite: Rewrite | None) -> None:
        """Passes each record through `rewrite(kind, record)` before it is sent: the way to put odd values anywhere."""
        self.talentics.rewrite = self.talentio.rewrite = rewrite

    def handle(
        self, method: str, path: str, query: str | Mapping[str, str] = "", headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Answers one request without a network.

        Raises ConnectionResetError where the connection would be reset. A truncated body is shorter than its
        Content-Length; of a streamed body this is the first piece; delays are left to the caller (see `respond`).
        """
        reply = self.respond(method, path, query, headers)
        if reply.delivery == "reset":
            raise ConnectionResetError("the sandbox reset the connection")
        body = reply.body if reply.stream is None else next(reply.stream())
        sent = dict(reply.headers)
        if reply.stream is None and reply.status != 204:
            sent["Content-Length"] = str(len(body))
        return reply.status, sent, body[: len(body) // 2] if reply.delivery == "truncated" else body

    def respond(
        self, method: str, path: str, query: str | Mapping[str, str] = "", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Answers one request; the reply says also how it is to be delivered. Names of headers match in any case."""
        params = dict(parse_qsl(query, keep_blank_values=True)) if isinstance(query, str) else dict(query)
        received = {name.lower(): value for name, value in (headers or {}).items()}
        with self.lock:
            self.changes.keep_schedule(request=True)
            if self.before_request is not None:
                self.before_request(method, path, params)
            now = self.clock()
            endpoint, unknown, reply = self._answer(method, path, params, received, now)
            self.log.add(method, path, params, reply.status, now, endpoint, unknown)
        packable = reply.body and "Content-Encoding" not in reply.headers
        if self.settings.compress and packable and "gzip" in received.get("accept-encoding", ""):
            reply.body = gzip.compress(reply.body, 1)
            reply.headers["Content-Encoding"] = "gzip"
        if self.settings.date_header:
            reply.headers["Date"] = date_header(now + self.settings.date_skew)
        for name, value in self.settings.extra_headers.items():
            if value is None:
                reply.headers.pop(name, None)
            else:
                reply.headers[name] = value
        return reply

    def records(self, source: str, stream: str) -> Iterator[dict[str, Any]]:
        """All records of one kind as the API would show them. KeyError names a source or stream that there is not."""
        with self.lock:
            self.changes.keep_schedule()
            return self.data.records(source, stream)

    def configs(self, origin: str) -> dict[str, dict[str, Any]]:
        """A config for each source that reads this sandbox at `origin` (scheme, host, port)."""
        settings = self.settings

        def config(prefix: str, limit: Limit | None, credentials: dict[str, str]) -> dict[str, Any]:
            # Without a limit here a source still keeps to the limit in its config: one that is out of reach.
            known = limit or Limit(1_000_000, 60)
            return {
                **credentials,
                "base_url": origin + prefix,
                "rate_limit_requests": known.requests,
                "rate_limit_period": known.duration,
            }

        talentics = {"app_id": settings.app_id, "app_secret": settings.app_secret}
        return {
            "talentics": config(talentics_api.PREFIX, settings.talentics_limit, talentics),
            "talentio": config(talentio_api.PREFIX, settings.talentio_limit, {"access_token": settings.access_token}),
        }

    # --- one request

    def _answer(
        self, method: str, path: str, params: dict[str, str], headers: dict[str, str], now: float
    ) -> tuple[str, tuple[str, ...], Reply]:
        api: TalenticsApi | TalentioApi
        if path.startswith(talentics_api.PREFIX + "/"):
            source, api, error, prefix = "talentics", self.talentics, talentics_api.error, talentics_api.PREFIX
        elif path.startswith(talentio_api.PREFIX + "/"):
            source, api, error, prefix = "talentio", self.talentio, talentio_api.error, talentio_api.PREFIX
        else:
            return "none", (), talentio_api.error(404, f"there is nothing at {path}")
        route = api.route(path[len(prefix) :])
        endpoint = "unknown" if route is None else route[0]
        unknown = () if route is None else tuple(sorted(params.keys() - api.query_names(endpoint)))
        name = f"{source}.{endpoint}"
        if not api.authorized(headers.get("authorization")):
            return name, unknown, api.unauthorized()
        if route is None:
            return name, unknown, error(404, "Not Found")
        if method not in ("GET", "HEAD"):
            return name, unknown, error(405, "Method Not Allowed")
        refused, limit_headers = self._limit(source, endpoint, now)
        if refused is not None:
            reply = refused
        else:
            origin = f"http://{headers.get('host', '127.0.0.1')}"

            def answer(given: dict[str, str]) -> Reply:
                for glob, status in self.settings.answers:
                    if fnmatchcase(path, glob):
                        if status == 204:
                            return Reply(204, headers={})
                        return error(status, "Forbidden" if status == 403 else "Error")
                if self.settings.strict and unknown:
                    return error(400, f"unknown parameters: {', '.join(unknown)}")
                return api.handle(endpoint, route[1], given, origin)

            fault = self.faults.pick(path)
            burst = self.settings.burst
            if source == "talentio" and burst is not None and self.bursts.is_burst(burst, now):
                fault = Fault("reset")
            reply = (
                answer(params)
                if fault is None
                else fault_kinds.apply(fault, params, answer, wrapped=source == "talentics")
            )
        reply.headers.update(limit_headers)
        return name, unknown, reply

    def _limit(self, source: str, endpoint: str, now: float) -> tuple[Reply | None, dict[str, str]]:
        settings = self.settings
        if source == "talentio":
            if settings.talentio_limit is None:
                return None, {}
            decision = self.windows.take("talentio", settings.talentio_limit, now, others=settings.other_client)
            headers = {"X-Remaining": str(decision.remaining), "X-Reset": str(_seconds_left(decision, now))}
            refused = None if decision.allowed else talentio_api.error(429, "アクセス回数が制限を超えました")
            return refused, headers if settings.talentio_limit_headers else {}
        if settings.talentics_limit is None or endpoint not in settings.talentics_limited:
            return None, {}
        key = "talentics" if settings.talentics_window == "shared" else f"talentics.{endpoint}"
        decision = self.windows.take(key, settings.talentics_limit, now, others=settings.other_client)
        shown = settings.talentics_limit_headers
        headers = {}
        if shown == "all":
            headers = {"X-RateLimit-Limit": str(decision.limit), "X-RateLimit-Remaining": str(decision.remaining)}
        if decision.allowed:
            return None, headers
        if shown != "none":
            headers["Retry-After"] = str(_seconds_left(decision, now))
        if shown == "all":
            headers["X-RateLimit-Reset"] = str(int(now) + _seconds_left(decision, now))
        return talentics_api.error(429, "Too Many Attempts."), headers


def _seconds_left(decision: Decision, now: float) -> int:
    # Rounded up: a client that waits exactly so long finds the window closed.
    return max(0, -int(-(decision.resets_at - now) // 1))
