"""The command of docs/page.md as it stands: a browser is opened at the address that lets in."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2

from tests.documents import blocks_of
from tests.package.test_docs_run import ROOT, commands_of
from tests.server.live import FAKES, free_port


def test_the_command_of_the_document_opens_the_page(tmp_path: Path) -> None:
    (command,) = (
        line for kind, block in blocks_of(ROOT / "docs" / "page.md") if not kind for line in commands_of(block)
    )
    program, *words = shlex.split(command)
    assert program == "personae"
    (tmp_path / "films").mkdir()
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.part && mv {opened}.part {opened}\n')
    browser.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "personae", *words, "--port", str(free_port())],
        cwd=tmp_path, env={**os.environ, **FAKES, "BROWSER": f"{browser} %s"}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not opened.exists() and time.monotonic() < until:
            time.sleep(0.05)
        answer = httpx2.get(opened.read_text(), follow_redirects=True, headers={"accept": "text/html"})
        assert answer.status_code == 200 and "importmap" in answer.text
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
