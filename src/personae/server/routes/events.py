"""One stream of what changes: jobs, films and sets, the cast, forgetting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from personae.server.asking import By, Served, sees
from personae.server.jobs_json import in_outline
from personae.server.watching import Watcher

router = APIRouter(tags=["events"])
ALIVE_EVERY_S = 10.0
LOOK_EVERY_S = 0.25
ASK_EVERY_S = 1.0
"""So often a stream looks whether its key still counts."""


async def _watcher(request: Request, service: Served, caller: By) -> AsyncIterator[Watcher]:
    """What is followed, until the answer ends; where there are not too many that do."""
    watcher: Watcher = request.app.state.watcher
    with watcher.followed(caller.key, most=service.project.settings.max_streams):
        yield watcher


@router.get("/events", response_class=EventSourceResponse)
async def follow_events(
    request: Request,
    caller: By,
    watcher: Annotated[Watcher, Depends(_watcher)],
    last_event_id: Annotated[str, Header(max_length=40)] = "",
) -> AsyncIterable[ServerSentEvent]:
    """What changes, as it does. With `Last-Event-ID` what was missed comes first; "reset" says to read all again."""
    at = watcher.latest
    missed = watcher.since(last_event_id)
    hello = {"forgetting": watcher.is_forgetting}
    yield ServerSentEvent(event="hello", data=hello, id=f"{watcher.boot}-{missed[0].number - 1 if missed else at}")
    told = asked = time.monotonic()
    while not watcher.is_over:
        for one in missed:
            at = max(at, one.number)
            data = one.data if one.kind != "job" or sees(caller, "results") else in_outline(one.data)
            yield ServerSentEvent(event=one.kind, data=data, id=f"{watcher.boot}-{one.number}")
            told = time.monotonic()
        # No thread waits: they answer the others.
        await asyncio.sleep(LOOK_EVERY_S)
        now = time.monotonic()
        if now - asked > ASK_EVERY_S:
            asked = now
            if await asyncio.to_thread(request.state.still) != caller:
                return
        missed = watcher.after(at)
        if not missed and now - told > ALIVE_EVERY_S:
            told = now
            yield ServerSentEvent(comment="alive")
