"""A room imports only from rooms above it: the order of the rooms is part of the design."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import personae

PACKAGE = Path(personae.__file__).parent
# From the ground up: a module imports only from its own room and from rooms before it. The ground floor is a room a
# module, in the order in which they may know each other.
GROUND = (
    "_version", "errors", "hints", "names", "names_of_today", "progress", "types", "checks", "leading_out", "files",
    "settings", "text_files", "per_object", "archive", "settings_file", "database", "ledger", "commits", "job_rows",
    "piece_rows",
    "old_pages", "paths", "outputs",
)  # fmt: skip
ROOMS = (
    *GROUND, "media", "faces", "recognition", "forgetting", "cast", "assessment", "timeline", "films", "exports",
    "catalogue", "project", "jobs", "demo", "cluster", "testing", "server", "cli", "__main__",
)  # fmt: skip


def room_of(module: str) -> int:
    name = module.removeprefix("personae.").split(".")[0]
    assert name in ROOMS, f"{module} belongs to no room: add it to ROOMS"
    return ROOMS.index(name)


def imports_of(module: str, path: Path, known: set[str]) -> set[str]:
    """Modules of ours that a module imports: anywhere in it, in functions and under TYPE_CHECKING too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{module} imports relatively"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith("personae.")} - {module}


def imports() -> dict[str, set[str]]:
    """Module -> what it imports. Without the package's own list of names, which imports everything, lazily."""
    known = modules()
    return {module: imports_of(module, path, set(known)) for module, path in known.items() if module != "personae"}


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """One circle among modules, as the way round; empty where there is none."""
    done: set[str] = set()
    way: list[str] = []

    def visit(module: str) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        way.append(module)
        for imported in sorted(graph.get(module, ())):
            if found := visit(imported):
                return found
        done.add(way.pop())
        return []

    return next((found for module in sorted(graph) if (found := visit(module))), [])


def modules() -> dict[str, Path]:
    result = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ["personae", *path.relative_to(PACKAGE).with_suffix("").parts]
        result[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return result


def test_rooms_import_only_from_rooms_above() -> None:
    graph = imports()
    assert len(graph) > 200
    wrong = [
        f"{module} imports {imported}"
        for module, imported_by in graph.items()
        for imported in imported_by
        if room_of(imported) > room_of(module)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_two_modules_import_each_other_round() -> None:
    assert not circle_in(imports())


def test_the_layering_tests_can_fail() -> None:
    assert room_of("personae.cli.train") > room_of("personae.recognition.model") > room_of("personae.errors")
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    with pytest.raises(AssertionError, match="no room"):
        room_of("personae.nowhere.thing")


def test_modules_stay_small() -> None:
    lines = {module: len(path.read_text().splitlines()) for module, path in modules().items()}
    large = {module: count for module, count in lines.items() if count > 400}
    assert not large, f"split these: {large}"


def test_calls_of_one_platform_stay_in_one_module() -> None:
    posix_only = {"fcntl", "resource", "pwd", "grp", "termios", "posix"}
    for module, path in modules().items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        }
        assert not imported & posix_only or module == "personae.files", module
        calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        ours = {"fork", "chmod", "getuid", "umask", "mkfifo", "killpg"} - (
            {"chmod"} if module == "personae.files" else set()
        )
        assert not calls & ours, module
