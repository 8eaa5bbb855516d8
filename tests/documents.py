"""The pages of the documentation as tests read them: their blocks, and `personae` on the path for those in a shell."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any

ANYTHING = "..."
"""In an output that a page shows: what differs from run to run."""


def blocks_of(page: Path) -> list[tuple[str, str]]:
    """(language, content) of every fenced block."""
    text = page.read_text(encoding="utf-8")
    return [(found[1], found[2]) for found in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def path_with_personae(folder: Path) -> str:
    """PATH with `personae`, as an installation puts it there; the script is written into `folder`/bin."""
    script = folder / "bin" / "personae"
    if not script.exists():
        script.parent.mkdir()
        main = "from personae.cli import main; main()"
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "{main}" "$@"\n')
        script.chmod(0o755)
    return f"{script.parent.absolute()}{os.pathsep}{os.environ['PATH']}"


def differences(language: str, shown: str, printed: str) -> list[str]:
    """In what a printed output is not as a page shows it: `text` line by line, `json` document by document.

    Numbers with a fraction in JSON are measured, and need only be there.
    """
    pairs = list(zip_longest(shown.strip().splitlines(), printed.strip().splitlines()))
    if language == "text":
        return [f"{own!r} is now {now!r}" for own, now in pairs if own is None or now is None or not _fits(own, now)]
    if len(pairs) > 1 and all(now for _, now in pairs) and all(_is_json(now) for _, now in pairs):
        return [each for own, now in pairs if own is not None for each in _apart(json.loads(own), json.loads(now), "")]
    return list(_apart(json.loads(shown), json.loads(printed), ""))


def _fits(shown: str, printed: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, shown.rstrip().split(ANYTHING))), printed.rstrip()))


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _apart(shown: Any, printed: Any, where: str) -> list[str]:
    if isinstance(shown, str) and shown == ANYTHING:
        return []
    if isinstance(shown, dict) and isinstance(printed, dict):
        if shown.keys() != printed.keys():
            return [f"{where}: {sorted(shown)} is now {sorted(printed)}"]
        return [each for key in shown for each in _apart(shown[key], printed[key], f"{where}.{key}")]
    if isinstance(shown, list) and isinstance(printed, list):
        if len(shown) != len(printed):
            return [f"{where}: {len(shown)} are now {len(printed)}"]
        return [
            each
            for n, (own, now) in enumerate(zip(shown, printed, strict=True))
            for each in _apart(own, now, f"{where}[{n}]")
        ]
    is_same = _fits(shown, printed) if isinstance(shown, str) and isinstance(printed, str) else shown == printed
    is_measured = isinstance(shown, float) and isinstance(printed, float)
    return [] if is_same or is_measured else [f"{where}: {shown!r} is now {printed!r}"]
