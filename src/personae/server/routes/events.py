"""One stream of what changes: jobs, films and sets, the cast, forgetting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from personae.server.asking import By
from personae.server.watching import Watcher

router = APIRouter(tags=["events"])
ALIVE_EVERY_S = 10.0


@router.get("/events", response_class=EventSourceResponse)
def follow_events(
    request: Request, caller: By, last_event_id: Annotated[str, Header(max_length=40)] = ""
) -> Iterable[ServerSentEvent]:
    """What changes, as it does. With `Last-Event-ID` what was missed comes first; "reset" says to read all again."""
    watcher: Watcher = request.app.state.watcher
    at = watcher.latest
    missed = watcher.since(last_event_id)
    yield ServerSentEvent(event="hello", data={}, id=f"{watcher.boot}-{missed[0].number - 1 if missed else at}")
    while not watcher.is_over:
        for one in missed:
            at = max(at, one.number)
            yield ServerSentEvent(event=one.kind, data=one.data, id=f"{watcher.boot}-{one.number}")
        missed = watcher.after(at, ALIVE_EVERY_S)
        if not missed:
            yield ServerSentEvent(comment="alive")
