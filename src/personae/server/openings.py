"""Who looks at which question just now, so that two do not answer the same one."""

from __future__ import annotations

import threading
import time

LASTS_S = 20.0
"""So long a tab that says nothing more is thought to look at its question."""


class Openings:
    """By tab: its question. Nothing of it is kept. Safe to use from several threads."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, str, float]] = {}
        self._lock = threading.Lock()

    def look(self, tab: str, question: str, by: str) -> dict[str, str]:
        """`tab` of `by` looks at `question` ("" for none); the questions that others look at -> by whom."""
        now = time.monotonic()
        with self._lock:
            self._open = {key: one for key, one in self._open.items() if now - one[2] < LASTS_S}
            self._open[tab] = (question, by, now)
            return {one: who for key, (one, who, _) in self._open.items() if key != tab and one}
