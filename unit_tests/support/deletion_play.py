"""The play of what is gone: records come, change, go, are hidden and shown again while syncs run, fail and die.

With `detect_deletions: mark`. Whatever happens, no record that exists is ever marked as deleted. Once the source is
quiet, one sync more leaves each record that exists in the destination as it is, and each that is gone marked, but for
those that a guard leaves alone; `spared` counts them.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from connector_kit.reading.tombstones import DELETIONS
from connector_kit.state.known_ids import IDS, KnownIds
from sandbox import World
from sandbox.records import Row
from unit_tests.support.moving_source import KINDS, PARENTS, WHICH, NothingLost, delete, events, one_of, plans
from unit_tests.support.one_thread import PAGE, Event, Plan, Run, run_sync

MARK = {"detect_deletions": "mark"}
FIELD = "_ab_cdc_deleted_at"
# The streams with tombstones: the kind of the record whose id is their key, and that key.
MARKED: dict[str, tuple[str, str]] = {
    "exams": ("exams", "id"),
    "exam_details": ("exams", "id"),
    "tickets": ("tickets", "id"),
    "ticket_scores": ("tickets", "ticket_id"),
    "jobs": ("jobs", "id"),
    "job_details": ("jobs", "id"),
    "applicants": ("applicants", "id"),
    "employment_application_forms": ("applicants", "id"),
    "candidates": ("candidates", "id"),
    "candidate_details": ("candidates", "id"),
    "requisitions": ("requisitions", "id"),
    "requisition_details": ("requisitions", "id"),
    "workspaces": ("workspaces", "id"),
    "employee_groups": ("employee_groups", "id"),
}
LISTS = [stream for stream, (kind, _) in MARKED.items() if stream == kind]
# Where the API has an endpoint for a single record: what is hidden there is told from what is gone.
SINGLE = {
    "exams": "/talentics/v2/exams/{}",
    "jobs": "/talentics/v2/jobs/{}",
    "applicants": "/talentics/v2/jobs/applicants/{}",
    "candidates": "/talentio/api/v1/candidates/{}",
    "requisitions": "/talentio/api/v1/requisitions/{}",
}


def replace(kind: str, which: int) -> Event:
    """A deletion that a creation hides: the total stays, and a third record slips to a page that was read already."""

    def event(world: World) -> None:
        found = one_of(world, kind, which)
        if found is not None:
            parent = world.data.collections[kind].living(found).parent
            world.data.delete(kind, found)
            world.data.create(kind, parent)

    return event


class Hidden:
    """The records that a permission hides: their lists lack them, and asking for one is refused."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.rows: dict[tuple[str, int], Row] = {}

    def hide(self, kind: str, number: int) -> None:
        collection = self._world.data.collections[kind]
        self.rows[kind, number] = collection.living(number)
        collection.delete(number)
        self._tell()

    def show_all(self) -> None:
        for (kind, number), row in self.rows.items():
            collection = self._world.data.collections[kind]
            collection._gone.discard(number)
            collection._rows[number] = row
            if collection.parents is None or collection.parents.row(row.parent) is not None:
                insort(collection.ids(row.parent), number)
            collection._moved(membership=True)
        self.rows.clear()
        self._tell()

    def _tell(self) -> None:
        self._world.settings.answers = tuple((SINGLE[kind].format(it), 403) for kind, it in self.rows)

    def holds(self, kind: str, number: int) -> bool:
        """Whether a record is hidden, itself or by its parent; one whose parent was deleted is gone with it."""
        parent = PARENTS.get(kind)
        if parent is None:
            return (kind, number) in self.rows
        row = self.rows.get((kind, number)) or self._world.data.collections[kind]._rows.get(number)
        of = row.parent if row is not None else self._parent_of(kind, number)
        is_listed = self._world.data.collections[parent].row(of) is not None
        return (parent, of) in self.rows or ((kind, number) in self.rows and is_listed)

    def _parent_of(self, kind: str, number: int) -> int:
        collection = self._world.data.collections[kind]
        index = collection.base_index(number)
        if index is None or collection.parents is None:
            return 0
        return collection.parents.base_id(index % collection.parents.base_size)


class NoneMarked(NothingLost):
    """The play for one source; the subclasses say which."""

    # How often something was left alone, and how often something was marked, by stream.
    spared: ClassVar[Counter[str]]
    marked: ClassVar[Counter[str]]

    @property
    def hidden(self) -> Hidden:
        if not hasattr(self, "_hidden"):
            self._hidden = Hidden(self.world)
        return self._hidden

    def sync(self, plan: Plan | None = None) -> None:
        run = run_sync(
            self.package, self.world, self.clock, self.destination.state, plan=plan, config=MARK, draws=self.draws
        )
        self.destination.commit(run)
        assert plan is not None or not run.failed, run.failed
        self.refuse_false_ones(run)

    def refuse_false_ones(self, run: Run) -> None:
        for stream, (kind, key) in MARKED.items():
            for row in run.rows(stream):
                if row.get(FIELD):
                    assert not self.exists(kind, row[key]), f"{stream} {row[key]} exists and was marked"
                    self.marked[stream] += 1

    def exists(self, kind: str, number: int) -> bool:
        return self.world.data.collections[kind].row(number) is not None or self.hidden.holds(kind, number)

    def compare(self) -> None:
        self.sync()
        self.compare_what_exists()
        told = {(row["stream"], row["id"]) for row in self.destination.rows.get(DELETIONS, {}).values()}
        for stream, (kind, key) in MARKED.items():
            for row in self.destination.rows.get(stream, {}).values():
                if row.get(FIELD):
                    assert stream not in LISTS or (stream, row[key]) in told
                elif not self.exists(kind, row[key]):
                    why = self.why_spared(stream, kind, row[key])
                    assert why, f"{stream} {row[key]} is gone and not marked"
                    self.spared[why] += 1

    def why_spared(self, stream: str, kind: str, number: int) -> str:
        """Return which guard leaves what is gone from a stream alone; "" if none does."""
        if not self.tells_totals:
            # Nobody knows whether a list of several pages was read whole.
            return "no total"
        known = KnownIds.decode(self.destination.state[stream].get(IDS, ""))
        if kind == "applicants" and self.fills_a_page(known.parents.get(number)):
            # Without a word about pages, nobody knows whether more would follow.
            return "a full page without a total"
        # It will be found once the count differs.
        is_masked = kind in ("candidates", "requisitions") and number in known and self.counts_fit(stream, kind)
        return "another came back" if is_masked else ""

    def may_miss(self, stream: str) -> bool:
        # One that was shown again later, with its old time, in a list that is filtered by time.
        kind = "requisitions" if stream.startswith("requisition") else "candidates"
        is_filtered = stream.startswith(("requisition", "candidate", "stage_", "evaluation_"))
        may = is_filtered and (not self.tells_totals or self.counts_fit(kind, kind))
        self.spared["came back with an old time"] += may
        return may

    def fills_a_page(self, job: int | None) -> bool:
        """Whether a job has just as many applicants as stand on a page."""
        data, paged = self.world.data, self.world.settings.paged_applicants
        return not paged and job in data.ids("jobs") and len(data.ids("applicants", job)) == PAGE

    @property
    def tells_totals(self) -> bool:
        settings = self.world.settings
        return settings.totals and (self.package != "source_talentics" or settings.talentics_pages == "length")

    def counts_fit(self, stream: str, kind: str) -> bool:
        """Whether one that is gone and one that came back leave the total as it was."""
        known = KnownIds.decode(self.destination.state[stream].get(IDS, ""))
        return len(known) == len(self.world.data.ids(kind))


def machine(package_name: str) -> type[NoneMarked]:
    """The play for one source."""
    hiding = [kind for kind in KINDS[package_name] if kind in SINGLE]

    class Machine(NoneMarked):
        package = package_name
        spared, marked = Counter[str](), Counter[str]()

        @rule(
            changes=st.lists(events(package_name), max_size=4),
            plan=st.sampled_from([True, False, False]).flatmap(lambda it: plans(package_name) if it else st.none()),
        )
        def sync_meanwhile(self, changes: list[Event], plan: Plan | None) -> None:
            for change in changes:
                change(self.world)
            self.sync(plan)

        # Of the changes above only some are deletions, and a plan that fails marks none.
        @rule(kind=st.sampled_from(KINDS[package_name]), which=st.lists(WHICH, min_size=1, max_size=3))
        def delete_some(self, kind: str, which: list[int]) -> None:
            for place in which:
                delete(kind, place)(self.world)
            self.sync()

        # Of all that was sent before: what changes just then, and slips, nobody can see.
        @rule(kind=st.sampled_from(KINDS[package_name]), which=st.lists(WHICH, min_size=1, max_size=3))
        def replace_between_pages(self, kind: str, which: list[int]) -> None:
            self.sync()
            self.sync(Plan(between_pages={kind: [replace(kind, place) for place in which]}))
            # What was listed before it went is found now, as long as nothing hides its parent.
            self.sync()

        @rule(kind=st.sampled_from(hiding), which=st.lists(WHICH, min_size=1, max_size=3))
        def narrow_a_permission(self, kind: str, which: list[int]) -> None:
            for place in which:
                found = one_of(self.world, kind, place)
                if found is not None:
                    self.hidden.hide(kind, found)
            self.sync()

        @rule()
        def widen_permissions(self) -> None:
            self.hidden.show_all()
            self.sync()

    Machine.__name__ = f"NoneMarked_{package_name}"
    return Machine
