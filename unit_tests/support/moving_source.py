"""The play in which nothing may be lost: records come, change and go while syncs run, fail and die.

What no reader of these APIs can see is left out of the play: a deletion and a creation between the same two page
requests (the total stays), and comments or forms that change without their parent's time.
"""

from __future__ import annotations

import contextlib
from typing import Any, ClassVar
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from connector_kit.state import cursors as kit_state
from sandbox import World
from unit_tests.support.clock import SharedClock
from unit_tests.support.one_thread import Destination, Event, Plan, run_sync, small_pages, small_world

KINDS = {
    "source_talentics": ("exams", "tickets", "jobs", "applicants"),
    "source_talentio": ("candidates", "requisitions", "workspaces", "employee_groups"),
}
PARENTS = {"tickets": "exams", "applicants": "jobs"}
SIZES = {
    "exams": 4,
    "tickets": 5,
    "jobs": 4,
    "applicants": 4,
    "candidates": 10,
    "requisitions": 7,
    "workspaces": 4,
    "employee_groups": 4,
    "job_titles": 2,
    "employees": 3,
    "channels": 2,
}


# Which of the living records an event meets, and before which request: the first ones more often than others, since a
# deletion on a page that was read already is what pulls others out of sight.
ODD_PAGES: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {},
        {"totals": False},
        {"totals": False, "links": False},
        {"largest_page": 2},
        {"past_end": "404"},
        {"past_end": "last"},
        # More than stand on a page. Of many more a play of chance may end with a warning.
        {"ties": 4},
    ]
)
WHICH = st.integers(0, 3) | st.integers(0, 20)
AT = st.integers(0, 6) | st.integers(0, 40)


def create(kind: str, which: int) -> Event:
    def event(world: World) -> None:
        parent = 0
        if kind in PARENTS:
            parents = world.data.ids(PARENTS[kind])
            if not parents:
                return
            parent = parents[which % len(parents)]
        world.data.create(kind, parent)

    return event


def one_of(world: World, kind: str, which: int) -> int | None:
    ids = (
        [i for parent in world.data.ids(PARENTS[kind]) for i in world.data.ids(kind, parent)]
        if kind in PARENTS
        else (world.data.ids(kind))
    )
    return ids[which % len(ids)] if ids else None


def update(kind: str, which: int) -> Event:
    def event(world: World) -> None:
        found = one_of(world, kind, which)
        if found is not None:
            world.data.update(kind, found)

    return event


def delete(kind: str, which: int) -> Event:
    def event(world: World) -> None:
        found = one_of(world, kind, which)
        if found is not None:
            world.data.delete(kind, found)

    return event


def update_some(kind: str, which: list[int]) -> Event:
    def event(world: World) -> None:
        for place in which:
            update(kind, place)(world)

    return event


def edit_all(kind: str) -> Event:
    """A bulk edit, as import programs make them."""

    def event(world: World) -> None:
        parents = world.data.ids(PARENTS[kind]) if kind in PARENTS else [0]
        for parent in parents:
            for number in world.data.ids(kind, parent):
                world.data.update(kind, number)

    return event


def finish(which: int) -> Event:
    def event(world: World) -> None:
        found = one_of(world, "tickets", which)
        if found is not None:
            world.data.finish_ticket(found)

    return event


def send_form(which: int) -> Event:
    def event(world: World) -> None:
        found = one_of(world, "applicants", which)
        have = {form["id"] for form in world.records("talentics", "employment_application_forms")}
        if found is not None and found not in have:
            world.data.create("forms", found)

    return event


def advance(seconds: float) -> Event:
    def event(world: World) -> None:
        assert isinstance(world.clock, SharedClock)
        world.clock.advance(seconds)

    return event


def events(package: str) -> st.SearchStrategy[Event]:
    kind = st.sampled_from(KINDS[package])
    choices = [
        st.builds(create, kind, WHICH),
        st.builds(update, kind, WHICH),
        st.builds(delete, kind, WHICH),
        st.builds(advance, st.sampled_from([0.1, 0.7, 1.0, 59.0, 3600.0, 90_000.0])),
    ]
    if package == "source_talentics":
        choices += [st.builds(finish, WHICH), st.builds(send_form, WHICH)]
    return st.one_of(choices)


def bulk_edits(package: str) -> st.SearchStrategy[Event]:
    return st.builds(edit_all, st.sampled_from(KINDS[package]))


def storms(package: str) -> st.SearchStrategy[dict[str, list[Event]]]:
    """Changes between the pages of one kind of list, where they do the most harm."""
    return st.sampled_from(KINDS[package]).flatmap(
        lambda kind: st.fixed_dictionaries({kind: st.lists(_changes(kind), min_size=1, max_size=5)})
    )


def _changes(kind: str) -> st.SearchStrategy[Event]:
    created = st.builds(create, st.just(kind), WHICH)
    updated = st.builds(update_some, st.just(kind), st.lists(WHICH, min_size=2, max_size=3))
    deleted = st.builds(delete, st.just(kind), WHICH)
    return st.sampled_from([deleted, deleted, updated, updated, created]).flatmap(lambda chosen: chosen)


def plans(package: str) -> st.SearchStrategy[Plan]:
    return st.builds(
        lambda happens, storm, faults, kill, unconfirmed: Plan(
            {n: event for n, event in happens.items() if n not in faults}, storm, faults, kill, unconfirmed
        ),
        st.dictionaries(AT, events(package), max_size=6),
        _mostly(storms(package), st.just({})),
        st.dictionaries(AT, st.sampled_from(["reset", "500", "html", "empty"]), max_size=2),
        _mostly(st.none(), AT),
        st.just(0) | st.integers(1, 30),
    )


def _mostly(usual: st.SearchStrategy[Any], other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from([usual, usual, other]).flatmap(lambda chosen: chosen)


class NothingLost(RuleBasedStateMachine):
    """One source, its world, a destination; the subclasses say which source."""

    package: str
    always: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.patches = contextlib.ExitStack()
        self.patches.enter_context(small_pages())
        # A state every few requests, so that a sync that dies has some behind it.
        self.patches.enter_context(mock.patch.object(kit_state, "_EMIT_EVERY", 1.0))
        self.destination = Destination()

    @initialize(
        order=st.sampled_from(["id", "-id", "updated_at", "-updated_at"]),
        zone=st.sampled_from([7, 0, 9]),
        filter_zone=st.sampled_from([9, 0]),
        skew=st.sampled_from([0.0, -600.0, 600.0]),
        date_header=st.sampled_from([True, True, False]),
        paged_applicants=st.booleans(),
        seed=st.integers(0, 3),
        pages=st.sampled_from(["length", "length", "length", "simple", "cursor"]),
        odd=ODD_PAGES,
        # One request at a time, or several whose answers overtake each other.
        draws=st.none() | st.integers(0, 1000),
    )
    def open(
        self,
        skew: float,
        zone: float,
        filter_zone: float,
        order: Any,
        pages: Any,
        odd: dict[str, Any],
        draws: int | None,
        **more: Any,
    ) -> None:
        self.draws = draws
        self.clock = SharedClock(skew=skew)
        self.world = small_world(
            self.clock,
            **SIZES,
            talentics_order=order,
            zone_hours=zone,
            filter_zone_hours=filter_zone,
            # Of records that share their place, only a total tells that some are missing.
            talentics_pages="length" if "ties" in {**odd, **self.always} else pages,
            **{**more, **odd, **self.always},
        )

    def sync(self, plan: Plan | None = None) -> None:
        run = run_sync(self.package, self.world, self.clock, self.destination.state, plan=plan, draws=self.draws)
        self.destination.commit(run)
        assert plan is not None or not run.failed, run.failed

    def compare(self) -> None:
        """Once the source is quiet, one sync more leaves every living record in the destination as it is."""
        self.sync()
        self.compare_what_exists()

    def may_miss(self, stream: str) -> bool:
        """Whether a row may be missing, because nobody can see that it should be there."""
        return False

    def compare_what_exists(self) -> None:
        """Every record that a new sync reads is in the destination as it is."""
        truth = Destination()
        truth.commit(run_sync(self.package, self.world, self.clock, {}))
        for stream, rows in truth.rows.items():
            held = self.destination.rows.get(stream, {})
            for key, row in rows.items():
                if key not in held and self.may_miss(stream):
                    continue
                assert key in held, f"{stream} {key} is missing"
                assert held[key] == row, f"{stream} {key} is stale"

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.compare()
        finally:
            self.patches.close()


def machine(package_name: str, odd: bool = False) -> type[NothingLost]:
    """The play for one source; `odd`: its lists have ties and small pages, always."""

    # A bulk edit brings every record anew, and would heal most losses if it came often.
    changes = _mostly(st.lists(events(package_name), max_size=3), st.lists(bulk_edits(package_name), max_size=1))

    class Machine(NothingLost):
        package = package_name
        always = {"ties": 5, "largest_page": 2, "date_header": True} if odd else {}

        # Each step ends with a sync: changes that no sync meets lose nothing.
        @rule(changes=changes, plan=_mostly(plans(package_name), st.none()))
        def sync_meanwhile(self, changes: list[Event], plan: Plan | None) -> None:
            for change in changes:
                change(self.world)
            self.sync(plan)

    Machine.__name__ = f"NothingLost_{package_name}"
    return Machine
