"""The addresses of the page's views. No file is read here: the guard asks before anybody is let in."""

from __future__ import annotations

VIEWS = frozenset(
    {"start", "review", "people", "cast", "films", "photos", "identify", "jobs", "journal", "model", "keys"}
)


def is_page(path: str) -> bool:
    """Whether the page stands at an address below the root."""
    view = path.strip("/").partition("/")[0]
    return not view or view in VIEWS
