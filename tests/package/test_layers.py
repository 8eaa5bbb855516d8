"""A room imports only from rooms above it: the order of the rooms is part of the design."""

from __future__ import annotations

import ast
from pathlib import Path

import personae

PACKAGE = Path(personae.__file__).parent
# From the ground up. A module may import from its own room and from rooms before it.
ROOMS = (
    ("_version",),
    ("errors",),
    ("names", "hints"),
    ("types",),
    ("checks",),
    ("files",),
    ("settings",),
    ("archive", "settings_file", "database_guard", "ledger", "outputs"),
    ("media.fonts", "media.left_out", "media.photos", "media.cast", "media.annotate", "media.timecode", "media.shots"),
    ("media.film_errors",),
    ("media.film", "media.film_times", "media.pixels", "media.containers", "media.film_file"),
    ("media.picture_sequence", "media.video"),
    ("faces",),
    ("recognition",),
    ("validation", "recalibration", "tuning"),
    ("timeline",),
    ("scan",),
    ("naming",),
    ("exports", "media.album"),
    ("demo",),
    ("cli",),
    ("__main__", ""),
)
# The project's paths are named after the model's file; the service object is handed the project.
SAME_ROOM = {"project": "recognition"}


def room_of(module: str) -> int:
    name = module.removeprefix("personae").removeprefix(".")
    for old, new in SAME_ROOM.items():
        if name == old:
            name = new
    matches = [
        (len(prefix), number)
        for number, room in enumerate(ROOMS)
        for prefix in room
        if name == prefix or name.startswith(prefix + ".")
    ]
    assert matches, f"{module} belongs to no room: add it to ROOMS"
    return max(matches)[1]


def imports_of(path: Path, known: set[str]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] == "personae"}


def modules() -> dict[str, Path]:
    result = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ["personae", *path.relative_to(PACKAGE).with_suffix("").parts]
        result[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return result


def test_rooms_import_only_from_rooms_above() -> None:
    known = modules()
    assert len(known) > 30
    wrong = [
        f"{module} imports {imported}"
        for module, path in known.items()
        for imported in imports_of(path, set(known))
        # The short list of the package imports everything, lazily; media's own __init__ imports nothing.
        if module != "personae" and imported != "personae" and room_of(imported) > room_of(module)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_layering_test_can_fail() -> None:
    assert room_of("personae.cli.train") > room_of("personae.recognition.model") > room_of("personae.errors")


def test_modules_stay_small() -> None:
    lines = {module: len(path.read_text().splitlines()) for module, path in modules().items()}
    large = {module: count for module, count in lines.items() if count > 500}
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
