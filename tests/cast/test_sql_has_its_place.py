"""SQL stands behind the gallery's store and where the project's own database is kept, and nowhere else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import personae

PACKAGE = Path(personae.__file__).parent
SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE|PRAGMA|VACUUM)\b",
    re.DOTALL,
)
PLACES = {"database", "ledger", "commits", "job_rows", "piece_rows", "server.keys"} | {
    f"cast.{name}"
    for name in (
        "gallery", "gallery_characters", "gallery_database", "gallery_exchange", "gallery_log", "gallery_photos",
        "gallery_schema", "gallery_upgrade",
    )
}  # fmt: skip


def texts_of(source: str) -> list[str]:
    """Every text in a module, but for its docstrings."""
    tree = ast.parse(source)
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings
    ]


def test_sql_is_written_in_its_places_only() -> None:
    found = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for path in PACKAGE.rglob("*.py")
        if any(SQL.search(text) for text in texts_of(path.read_text(encoding="utf-8")))
    }
    assert found == PLACES


def test_the_search_finds_sql() -> None:
    assert SQL.search(texts_of("x = f'SELECT * FROM {y}'")[0])
    assert not texts_of('"""SELECT a FROM b"""')
