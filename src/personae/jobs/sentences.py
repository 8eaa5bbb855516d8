"""The sentences of errors for who has no business with where files lie: each file by its own name alone."""

from __future__ import annotations

import re
from pathlib import PurePath

from personae.errors import PersonaeError

_FOLDERS = re.compile(r"""(?<![\w/\\.])(?:[A-Za-z]:[\\/]|/)(?:[^\s"'/\\]+[\\/])+""")
"""The folders of a path from the top on."""


def without_paths(error: PersonaeError) -> str:
    """What an error says, its files by name."""
    text = str(error)
    path = getattr(error, "path", None)
    if path:
        text = text.replace(str(path), PurePath(str(path)).name)
    return _FOLDERS.sub("", text)
