"""`personae serve --open`: the page in a browser as soon as the server answers."""

from __future__ import annotations

import socket
import threading
import time
import webbrowser

import pytest

from personae.server import opening


def test_it_is_opened_once_somebody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, bool]] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listens = threading.Event()

        def listen() -> None:
            time.sleep(0.3)
            listens.set()
            listener.listen()

        def browser(url: str) -> bool:
            opened.append((url, listens.is_set()))
            return True

        monkeypatch.setattr(webbrowser, "open", browser)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/?token=abc"
        threading.Thread(target=listen).start()
        told: list[str] = []
        opening.open_when_served(address, told.append).join(20)
    assert opened == [(address, True)] and not told


@pytest.mark.parametrize("fails", [False, True])
def test_where_there_is_no_browser_it_is_said(monkeypatch: pytest.MonkeyPatch, *, fails: bool) -> None:
    def none(url: str) -> bool:
        if fails:
            raise webbrowser.Error("could not locate runnable browser")
        return False

    monkeypatch.setattr(webbrowser, "open", none)
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        opening.open_when_served(f"http://127.0.0.1:{listener.getsockname()[1]}/", told.append).join(20)
    assert told == [opening.NO_BROWSER]
