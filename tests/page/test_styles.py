"""All views' styles are loaded together: none changes how another view looks."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "src" / "personae" / "server" / "page"
SHEETS = [PAGE / "page.css", *sorted((PAGE / "views").glob("*.css"))]


def outermost(sheet: Path) -> set[str]:
    """Classes that a sheet styles wherever they are: selectors of one class alone, in no other rule."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)
    found: set[str] = set()
    inside: list[bool] = []  # of each rule that is open: whether it selects, or is a condition as of the width
    for piece in re.findall(r"[^{}]*[{}]", text):
        if piece.endswith("}"):
            inside.pop()
            continue
        head = piece[:-1].rpartition(";")[2].strip()
        if not any(inside):
            found.update(one for one in map(str.strip, head.split(",")) if re.fullmatch(r"\.[a-z-]+", one))
        inside.append(not head.startswith("@"))
    assert not inside
    return found


@pytest.mark.parametrize(("one", "other"), list(combinations(SHEETS, 2)), ids=lambda sheet: sheet.stem)
def test_no_sheet_styles_a_class_of_another_one(one: Path, other: Path) -> None:
    assert outermost(one) & outermost(other) == set()
