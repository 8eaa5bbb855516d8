"""Open the page in a browser as soon as the server answers."""

from __future__ import annotations

import socket
import threading
import time
import webbrowser
from collections.abc import Callable
from urllib.parse import urlsplit

NO_BROWSER = "No browser could be opened here. Open the address above in one."
_WAITS_S, _EVERY_S = 30.0, 0.1


def open_when_served(address: str, tell: Callable[[str], None]) -> threading.Thread:
    """Open `address` once somebody answers there; from a thread of its own. `tell`: is given a sentence if it fails."""
    thread = threading.Thread(target=_open, args=(address, tell), name="personae-open", daemon=True)
    thread.start()
    return thread


def _open(address: str, tell: Callable[[str], None]) -> None:
    if _answers(address) and _opened(address):
        return
    tell(NO_BROWSER)


def _opened(address: str) -> bool:
    try:
        return webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return False


def _answers(address: str) -> bool:
    """Whether somebody listens there by now; waits until they do."""
    where, end = urlsplit(address), time.monotonic() + _WAITS_S
    while time.monotonic() < end:
        try:
            with socket.create_connection((str(where.hostname), int(where.port or 80)), timeout=1):
                return True
        except OSError:
            time.sleep(_EVERY_S)
    return False
