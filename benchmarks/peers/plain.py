"""The floor, http.client and json alone: `python -m benchmarks.peers.plain STREAM WORKERS CONFIG`.

No cursor, no types, no retries, no limits: what the work costs if nothing is promised.
"""

from __future__ import annotations

import json
import sys
import threading
from base64 import b64encode
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_PAGE_SIZE = 100


class Api:
    """One connection for each thread."""

    def __init__(self, config: dict[str, Any]) -> None:
        base = urlsplit(config["base_url"])
        self._netloc, self._path = base.netloc, base.path
        if "access_token" in config:
            authorization = f"Bearer {config['access_token']}"
        else:
            authorization = "Basic " + b64encode(f"{config['app_id']}:{config['app_secret']}".encode()).decode()
        self._headers = {"Authorization": authorization, "Accept": "application/json"}
        self._local = threading.local()

    def get(self, path: str) -> Any:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = HTTPConnection(self._netloc, timeout=60)
        connection.request("GET", self._path + path, headers=self._headers)
        response = connection.getresponse()
        body = response.read()
        self._total = int(response.headers.get("X-Total", 0))
        return json.loads(body) if response.status == 200 else None

    def candidates(self, workers: int = 1) -> Iterator[dict[str, Any]]:
        if workers > 1:
            yield from self.get("/candidates?page=1")
            others = range(2, -(-self._total // _PAGE_SIZE) + 1)
            for found in ThreadPoolExecutor(workers).map(lambda page: self.get(f"/candidates?page={page}"), others):
                yield from found
            return
        page = 1
        while found := self.get(f"/candidates?page={page}"):
            yield from found
            if len(found) < _PAGE_SIZE:
                return
            page += 1

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            answer = self.get(f"{path}?per_page={_PAGE_SIZE}&page={page}")
            yield from answer["data"]
            if page >= answer["meta"]["last_page"]:
                return
            page += 1


def records(api: Api, stream: str, workers: int) -> Iterable[dict[str, Any]]:
    """The records of a stream."""
    if stream == "candidates":
        return api.candidates(workers)
    if stream == "candidate_details":
        paths = [f"/candidates/{candidate['id']}" for candidate in api.candidates()]
    else:
        tickets = (ticket for exam in api.pages("/exams") for ticket in api.pages(f"/exams/{exam['id']}/tickets"))
        paths = [f"/exams/tickets/{ticket['id']}/scores" for ticket in tickets]
    return ThreadPoolExecutor(workers).map(api.get, paths) if workers > 1 else map(api.get, paths)


def main() -> None:
    """The program."""
    stream, workers, config = sys.argv[1:]
    for record in records(Api(json.loads(Path(config).read_text())), stream, int(workers)):
        message = {"type": "RECORD", "stream": stream, "record": record}
        sys.stdout.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
