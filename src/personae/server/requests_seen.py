"""What was said with which request id, so that one that is sent with something else is no repetition."""

from __future__ import annotations

import threading
from collections import OrderedDict

KEPT = 10_000


class RequestsSeen:
    """The latest requests of this server's life. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def is_same(self, id: str, said: str) -> bool:
        """Whether a request is new, or says what it said before; `said`: a digest."""
        with self._lock:
            known = self._known.setdefault(id, said)
            self._known.move_to_end(id)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
            return known == said
