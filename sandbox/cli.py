"""The program: reads the options, prints where the sandbox is and how to get in, and serves until it is stopped."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox import control, faults, talentics_api
from sandbox.option_values import ANSWER, COUNT, LIMIT, MOMENT, PORT, SECONDS, SKEW, WHOLE, ZONE
from sandbox.owner import when_input_ends
from sandbox.server import http_server, listen
from sandbox.settings import COUNTS, SIZE_NAMES, Settings
from sandbox.world import World

_PER = {"tickets": " per exam", "applicants": " per job"}


def _epilog() -> str:
    kinds = "\n".join(f"  {kind:<13} {meaning}" for kind, meaning in faults.KINDS.items())
    endpoints = (control.__doc__ or "").partition("\n\n")[2]
    return f"""\
faults (--fault KIND[=VALUE][:RATE][:PATH-GLOB][:xCOUNT]; for example reset:0.05, 500:*scores*:x3, slow=2.5:0.1):
{kinds}

control endpoints, for tests and demos:
{endpoints}
"""


def parser() -> argparse.ArgumentParser:
    """The options of the program."""
    options = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Talentics' and Talentio's APIs on loopback, with made-up people.\n"
        "Prints its URLs, credentials and a config for each source.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("--host", default="127.0.0.1", help="a loopback address (default: 127.0.0.1)")
    options.add_argument("--port", type=PORT, default=0, help="default 0: a free one")
    options.add_argument(
        "--json", action="store_true", help="print one line of JSON: configs of both sources and the control URL"
    )
    options.add_argument(
        "--write-configs",
        metavar="DIR",
        type=Path,
        help="write talentics.json and talentio.json there, for you alone to read",
    )
    options.add_argument(
        "--until-input-ends",
        action="store_true",
        help="stop when standard input ends: for a program that starts the sandbox with a pipe and may be killed",
    )

    size = options.add_argument_group("size")
    size.add_argument(
        "--size",
        choices=SIZE_NAMES,
        default="small",
        help="small: seconds to sync; company: 20 exams x 200 tickets, 5,000 candidates",
    )
    size.add_argument(
        "--story",
        action="store_true",
        help="persons who sit tests and apply, and are hired for their scores: data that is worth a picture",
    )
    size.add_argument("--seed", type=WHOLE, default=1, help="same seed, same data on the same day (default: 1)")
    size.add_argument(
        "--now", type=MOMENT, metavar="TIME", help="start of the sandbox's clock, RFC 3339 (default: real time)"
    )
    for name in COUNTS:
        size.add_argument(
            f"--{name.replace('_', '-')}",
            type=COUNT,
            metavar="N",
            help=f"number of {name.replace('_', ' ')}{_PER.get(name, '')}",
        )

    limits = options.add_argument_group("limits (by default the vendors' own)")
    limits.add_argument("--no-limits", action="store_true", help="no limit on either API")
    limits.add_argument("--limit", type=LIMIT, metavar="N/TIME", help="Talentics', such as 50/15m or 50/7s")
    limits.add_argument("--talentio-limit", type=LIMIT, metavar="N/TIME", help="Talentio's, such as 5000/1h")
    limits.add_argument(
        "--shared-window", action="store_true", help="Talentics: one window for all limited endpoints, not one each"
    )
    limits.add_argument(
        "--limit-all",
        action="store_true",
        help="Talentics: limit all nine endpoints, not only the five that the vendor names",
    )
    limits.add_argument("--no-limit-headers", action="store_true", help="tell nothing of limits in headers")
    limits.add_argument("--burst", type=COUNT, metavar="N", help="Talentio resets connections beyond N in a second")
    limits.add_argument(
        "--other-client", type=COUNT, default=0, metavar="N", help="requests of each window used up by somebody else"
    )

    unrest = options.add_argument_group("changes and faults")
    unrest.add_argument(
        "--change-every", type=SECONDS, metavar="SECONDS", help="create, update and delete a record so often"
    )
    unrest.add_argument("--change-every-requests", type=COUNT, metavar="N", help="the same after every N requests")
    unrest.add_argument(
        "--fault", action="append", default=[], metavar="FAULT", help="see below; may be given several times"
    )

    nature = options.add_argument_group("behaviour that the vendors' pages leave open")
    nature.add_argument(
        "--talentics-order",
        choices=("id", "-id", "updated_at", "-updated_at"),
        default="id",
        help="order of Talentics' lists; a hyphen turns it round (default: id)",
    )
    nature.add_argument(
        "--scores-route",
        choices=("tickets", "ticket", "both"),
        default="tickets",
        help="spellings of /exams/…/{id}/scores that exist",
    )
    nature.add_argument(
        "--paged-applicants", action="store_true", help="Talentics pages applicants as it does the other lists"
    )
    nature.add_argument(
        "--forms-absent",
        choices=("404", "array", "null", "object"),
        default="404",
        help="answer where there is no form",
    )
    nature.add_argument(
        "--links-origin", metavar="URL", help="scheme and host of Talentics' links, such as http://api.talentics.id"
    )
    nature.add_argument(
        "--zone-hours", type=ZONE, default=7.0, help="zone of Talentics' zone-less times (default: 7, WIB)"
    )
    nature.add_argument(
        "--filter-zone-hours", type=ZONE, default=9.0, help="zone in which Talentio reads filters (default: 9, JST)"
    )
    nature.add_argument(
        "--inactive-hides-candidates",
        action="store_true",
        help="Talentio leaves out candidates with a deactivated employee unless asked",
    )
    nature.add_argument(
        "--comments-touch-candidate", action="store_true", help="a comment moves its candidate's updatedAt"
    )
    nature.add_argument(
        "--answer",
        action="append",
        default=[],
        type=ANSWER,
        metavar="STATUS:GLOB",
        help="paths that always answer so, such as 403:*/employees or 410:*/candidates/1003; may be given again",
    )
    nature.add_argument(
        "--duplicate-rows",
        action="store_true",
        help="rows in one answer that nothing tells apart: two comments of one person in one second, a question of a "
        "form twice, an aspect's slug in two groups",
    )
    nature.add_argument(
        "--date-skew",
        type=SKEW,
        default=0.0,
        metavar="SECONDS",
        help="how far the Date header is off the sandbox's clock; below 0 it is behind (--now sets the clock itself)",
    )
    nature.add_argument(
        "--talentics-pages",
        choices=("length", "simple", "cursor", "counted-cursor"),
        default="length",
        help="Laravel's ways to page: with totals, with links.next alone, with a cursor in it, or with both",
    )
    nature.add_argument(
        "--largest-page", type=COUNT, default=100, metavar="N", help="Talentics gives no more than N records a page"
    )
    nature.add_argument(
        "--ignore-per-page", action="store_true", help="Talentics gives 15 a page, whatever is asked for"
    )
    nature.add_argument("--no-totals", action="store_true", help="lists tell no total (and no last page)")
    nature.add_argument("--no-links", action="store_true", help="Talentics' lists have no links")
    nature.add_argument(
        "--ties",
        type=COUNT,
        default=0,
        metavar="N",
        help="the first N records of each list share their place, and stand in another order at each request",
    )
    nature.add_argument(
        "--hidden",
        type=float,
        default=0.0,
        metavar="RATE",
        help="share of records that the credential may not see: missing on the pages, counted in the total",
    )
    nature.add_argument(
        "--past-end",
        choices=("empty", "404", "last", "all"),
        default="empty",
        help="what the page behind a list's last one gives; all: the whole list, unpaged",
    )
    nature.add_argument(
        "--comments-per-page", type=COUNT, metavar="N", help="Talentio pages comments (default: all at once)"
    )
    nature.add_argument("--no-date-header", action="store_true", help="answers do not tell the server's time")
    nature.add_argument("--strict", action="store_true", help="400 for query parameters that an endpoint does not know")
    return options


def settings_from(given: argparse.Namespace) -> Settings:
    """The settings that the options ask for. ValueError where a fault cannot be read."""
    counts = {name: value for name in COUNTS if (value := getattr(given, name)) is not None}
    settings = Settings.for_size(given.size, **counts)
    for name in (
        "seed", "story", "now", "other_client", "burst", "change_every", "change_every_requests", "talentics_order",
        "paged_applicants", "forms_absent", "links_origin", "zone_hours", "filter_zone_hours",
        "inactive_hides_candidates", "comments_touch_candidate", "strict", "talentics_pages", "largest_page",
        "ignore_per_page", "ties", "hidden", "past_end", "comments_per_page", "duplicate_rows", "date_skew",
    ):  # fmt: skip
        setattr(settings, name, getattr(given, name))
    settings.faults = tuple(given.fault)
    settings.answers = tuple(given.answer)
    settings.scores_routes = ("tickets", "ticket") if given.scores_route == "both" else (given.scores_route,)
    if given.no_limits:
        settings.talentics_limit = settings.talentio_limit = None
    if given.limit:
        settings.talentics_limit = given.limit
    if given.talentio_limit:
        settings.talentio_limit = given.talentio_limit
    if given.shared_window:
        settings.talentics_window = "shared"
    if given.limit_all:
        settings.talentics_limited = talentics_api.ENDPOINTS
    settings.totals, settings.links = not given.no_totals, not given.no_links
    settings.date_header = not given.no_date_header
    if given.no_limit_headers:
        settings.talentics_limit_headers, settings.talentio_limit_headers = "none", False
    return settings


def read_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What the arguments (by default the program's own) ask for. SystemExit where an option is wrong."""
    # argparse takes a value that begins with a hyphen, such as -id, for an option, unless it is put to its own.
    joined: list[str] = []
    for argument in sys.argv[1:] if arguments is None else arguments:
        looks_like_option = argument.startswith("-") and not argument.startswith("--") and argument != "-h"
        if joined and looks_like_option and joined[-1].startswith("--") and "=" not in joined[-1]:
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return parser().parse_args(joined)


def write_configs(directory: Path, configs: dict[str, dict[str, Any]]) -> None:
    """One file a source, readable by its owner only."""
    directory.mkdir(parents=True, exist_ok=True)
    for source, config in configs.items():
        path = directory / f"{source}.json"
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(config, file, indent=2)
            file.write("\n")


def _announce(settings: Settings, origin: str, configs: dict[str, dict[str, Any]], written: Path | None) -> None:
    lines = [
        f"Sandbox at {origin} (stop with Ctrl-C)",
        "",
        f"  Talentics  {configs['talentics']['base_url']}",
        f"    app_id        {settings.app_id}",
        f"    app_secret    {settings.app_secret}",
        f"  Talentio   {configs['talentio']['base_url']}",
        f"    access_token  {settings.access_token}",
        f"  Control    {origin}/control",
    ]
    for source, config in configs.items():
        lines += [
            "",
            f"Config for source-{source}" + (f" ({written / source}.json)" if written else "") + ":",
            json.dumps(config, indent=2),
        ]
    print("\n".join(lines), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program. Exit code 2: an option is wrong; 1: it cannot listen, write the configs or print."""
    try:
        return _run(arguments)
    except BrokenPipeError:
        # Python would try once more when it ends, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _failed("nobody reads what it prints")


def _run(arguments: Sequence[str] | None) -> int:
    given = read_options(arguments)
    try:
        world = World(settings_from(given))
        listener, origin = listen(given.host, given.port)
    except ValueError as problem:
        parser().error(str(problem))
    except OSError as problem:
        return _failed(f"cannot listen on {given.host} port {given.port}: {problem.strerror}")
    with listener:
        return _serve(given, world, listener, origin)


def _serve(given: argparse.Namespace, world: World, listener: socket.socket, origin: str) -> int:
    configs = world.configs(origin)
    if given.write_configs:
        try:
            write_configs(given.write_configs, configs)
        except OSError as problem:
            return _failed(f"cannot write --write-configs {problem.filename}: {problem.strerror}")
    # Clients that connect from here on wait in the socket's queue until the server takes them.
    listener.listen(256)
    if given.json:
        print(json.dumps({**configs, "control": f"{origin}/control"}), flush=True)
    else:
        _announce(world.settings, origin, configs, given.write_configs)
    server = http_server(world)
    if given.until_input_ends:
        when_input_ends(lambda: setattr(server, "should_exit", True))
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    return 0


def _failed(reason: str) -> int:
    print(f"python -m sandbox: {reason}", file=sys.stderr)
    return 1
