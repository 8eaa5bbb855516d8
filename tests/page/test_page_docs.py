"""docs/page.md says what the page says: each key, each view."""

from __future__ import annotations

import re
from pathlib import Path

from personae.server.page_addresses import VIEWS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "src" / "personae" / "server" / "page"
DOC = (ROOT / "docs" / "page.md").read_text(encoding="utf-8")


def _texts() -> dict[str, str]:
    """TEXTS.keys of texts.js."""
    text = (PAGE / "texts.js").read_text(encoding="utf-8")
    begin = text.index("\n  keys: {")
    return dict(re.findall(r'^    (\w+): "(.*)",$', text[begin : text.index("\n  },", begin)], re.MULTILINE))


def _rows() -> list[tuple[list[str], str]]:
    """The keys of views/keys.js, with what they do."""
    code = (PAGE / "views" / "keys.js").read_text(encoding="utf-8")
    found = re.findall(r"\[\[((?:\"[^\"]+\"(?:, )?)+)\], TEXTS\.keys\.(\w+)\]", code)
    texts = _texts()
    return [(re.findall(r'"([^"]+)"', keys), texts[name]) for keys, name in found]


def test_each_key_of_the_page_stands_in_its_document_with_what_it_does() -> None:
    rows = _rows()
    code = (PAGE / "views" / "keys.js").read_text(encoding="utf-8")
    assert len(rows) == code.count("TEXTS.keys.") - 3 > 10  # title, about, single
    lines = [line for line in DOC.splitlines() if line.startswith("|")]
    for keys, text in rows:
        found = [line for line in lines if all(f"`{key}`" in line for key in keys) and text in line]
        assert len(found) == 1, (keys, text)


def test_each_view_stands_in_its_document() -> None:
    for view in VIEWS:
        assert f"| `/{view}" in DOC, view


def test_the_document_is_named_by_the_readme() -> None:
    assert "docs/page.md" in (ROOT / "README.md").read_text(encoding="utf-8")
