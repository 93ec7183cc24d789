"""The sandbox's own endpoints under `/control`: not logged, not limited, without credentials, on loopback only.

GET    /control/requests            {"summary": …, "requests": […]}; `?entries=false` leaves the list out
DELETE /control/requests            forgets them
GET    /control/data                the names that the next one takes
GET    /control/data/SOURCE/STREAM  all records as the API shows them, a JSON array; `?lines=true`: one a line
POST   /control/change              random changes; gives their ids. {"created": n, "updated": n, "deleted": n,
                                    "seed": n, "kinds": […]}
POST   /control/record              one change. {"do": "create"|"update"|"delete"|"finish", "kind": …, "id": …,
                                    "parent": …, "fields": {…}}
POST   /control/schedule            {"every": seconds|null, "every_requests": n|null}
GET    /control/faults              the rules and how often each was used
POST   /control/faults              other rules for those before. {"faults": ["500:0.1:*scores*:x3", …], "seed": n}
POST   /control/limits              {"talentics": "50/7s"|null, "talentio": "5000/1h"|null, "other_client": n,
                                    "reset": true}
POST   /control/settings            {"name": value, …}: any switch that may change while the sandbox runs
POST   /control/clock               {"advance": seconds}; gives {"now": epoch seconds}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter, HTTPException
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from sandbox.clock import ShiftedClock, VirtualClock
from sandbox.limits import Limit
from sandbox.replies import plain_json
from sandbox.world import World


class ChangeOrder(BaseModel):
    """How many random changes to make."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    seed: int | None = None
    kinds: list[str] | None = None


class RecordOrder(BaseModel):
    """One change to one record."""

    do: Literal["create", "update", "delete", "finish"]
    kind: str = "tickets"
    id: int | str = 0
    parent: int = 0
    fields: dict[str, Any] = {}


class Schedule(BaseModel):
    """When the data changes by itself."""

    every: float | None = None
    every_requests: int | None = None


class FaultOrder(BaseModel):
    """The faults from now on."""

    faults: list[str]
    seed: int = 1


class Advance(BaseModel):
    """How far the clock jumps."""

    advance: float


def control_router(world: World) -> APIRouter:
    """The endpoints over one world."""
    router = APIRouter(prefix="/control")

    @router.get("/requests")
    def requests(entries: bool = True) -> dict[str, Any]:
        with world.lock:
            answer: dict[str, Any] = {"summary": world.log.summary()}
            if entries:
                answer["requests"] = [{**asdict(request), "url": request.url} for request in world.log.requests]
            return answer

    @router.delete("/requests")
    def forget() -> dict[str, Any]:
        with world.lock:
            world.log.clear()
        return {}

    @router.get("/data")
    def streams() -> dict[str, list[str]]:
        return world.data.stream_names()

    @router.get("/data/{source}/{stream}")
    def data(source: str, stream: str, lines: bool = False) -> StreamingResponse:
        try:
            records = world.records(source, stream)
        except KeyError:
            raise HTTPException(404, f"no stream {stream!r} of {source!r}; GET /control/data lists them") from None
        if lines:
            return StreamingResponse(
                (plain_json(record) + b"\n" for record in records), media_type="application/x-ndjson"
            )
        return StreamingResponse(_array(records), media_type="application/json")

    @router.post("/change")
    def change(order: ChangeOrder) -> dict[str, Any]:
        with world.lock:
            try:
                return dict(
                    world.changes.random(
                        order.created, order.updated, order.deleted, seed=order.seed, kinds=order.kinds
                    )
                )
            except KeyError as unknown:
                raise HTTPException(400, f"no kind {unknown}") from None

    @router.post("/record")
    def record(order: RecordOrder) -> dict[str, Any]:
        with world.lock:
            try:
                if order.do == "create":
                    return {"id": world.data.create(order.kind, order.parent, **order.fields)}
                if order.do == "update":
                    world.data.update(order.kind, order.id, **order.fields)
                elif order.do == "finish":
                    world.data.finish_ticket(int(order.id))
                else:
                    world.data.delete(order.kind, order.id)
            except (KeyError, IndexError) as missing:
                raise HTTPException(404, f"there is no such record: {missing}") from None
        return {"id": order.id}

    @router.post("/schedule")
    def schedule(order: Schedule) -> dict[str, Any]:
        with world.lock:
            world.settings.change_every, world.settings.change_every_requests = order.every, order.every_requests
        return order.model_dump()

    @router.get("/faults")
    def faults() -> list[dict[str, Any]]:
        return [asdict(rule) for rule in world.faults.rules]

    @router.post("/faults")
    def set_faults(order: FaultOrder) -> list[dict[str, Any]]:
        try:
            with world.lock:
                world.faults.replace(order.faults, order.seed)
        except ValueError as problem:
            raise HTTPException(400, str(problem)) from None
        return faults()

    @router.post("/limits")
    def limits(order: dict[str, Any]) -> dict[str, Any]:
        settings = world.settings
        try:
            with world.lock:
                for name, value in order.items():
                    if name in ("talentics", "talentio"):
                        setattr(settings, f"{name}_limit", None if value is None else Limit.parse(value))
                    elif name == "other_client":
                        settings.other_client = int(value)
                    elif name == "reset":
                        world.windows.clear()
                    else:
                        raise ValueError(f"{name!r} is not one of talentics, talentio, other_client, reset")
        except ValueError as problem:
            raise HTTPException(400, str(problem)) from None
        return {
            "talentics": settings.talentics_limit,
            "talentio": settings.talentio_limit,
            "other_client": settings.other_client,
        }

    @router.post("/settings")
    def change_settings(values: dict[str, Any]) -> dict[str, Any]:
        try:
            with world.lock:
                world.settings.change(values)
        except (ValueError, TypeError) as problem:
            raise HTTPException(400, str(problem)) from None
        return values

    @router.post("/clock")
    def clock(order: Advance) -> dict[str, float]:
        if not isinstance(world.clock, (ShiftedClock, VirtualClock)):
            raise HTTPException(400, "this sandbox runs on a clock of the caller's own")
        world.clock.advance(order.advance)
        return {"now": world.clock()}

    return router


def _array(records: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    separator = b"["
    for record in records:
        yield separator + plain_json(record)
        separator = b","
    yield b"[]" if separator == b"[" else b"]"
