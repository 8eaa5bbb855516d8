"""What the page loads: the vendored modules as they were published, modules of its own, and nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from scripts import vendor_page

PAGE = Path(__file__).parents[2] / "src" / "personae" / "server" / "page"
VENDOR = PAGE / "vendor"
LISTED = json.loads((VENDOR / "vendor.json").read_text(encoding="utf-8"))
INDEX = (PAGE / "index.html").read_text(encoding="utf-8")
MOST_BYTES = 28_000
"""Of all vendored modules together."""
IMPORTED = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"']+)\1""")
ADDRESS = re.compile(r"""(?:https?:|wss?:)?//[\w.-]+\.\w+""")
NOT_ASKED = ("http://www.w3.org/",)
"""Names of kinds of elements, which look like addresses."""


def _import_map() -> dict[str, str]:
    text = INDEX[INDEX.index(">", INDEX.index('<script type="importmap"')) + 1 :]
    return dict(json.loads(text[: text.index("</script>")])["imports"])


def _modules(*, ours: bool = False) -> list[Path]:
    return [path for path in sorted(PAGE.rglob("*.js")) if not (ours and path.is_relative_to(VENDOR))]


def test_each_vendored_module_is_the_one_that_is_listed() -> None:
    assert {path.name for path in VENDOR.iterdir()} == {*LISTED, "vendor.json", "LICENSES.txt"}
    for name, row in LISTED.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == row["sha256"], name
    assert sum((VENDOR / name).stat().st_size for name in LISTED) < MOST_BYTES


def test_the_list_is_the_one_that_the_script_fetches() -> None:
    found = {name: (row["package"], row["from"], row["version"]) for name, row in LISTED.items()}
    assert found == {
        name: (package, path, vendor_page.PACKAGES[package]) for name, (package, path) in vendor_page.MODULES.items()
    }


def test_each_licence_stands_beside_them() -> None:
    text = (VENDOR / "LICENSES.txt").read_text(encoding="utf-8")
    for row in LISTED.values():
        assert row["licence"] in ("MIT", "Apache-2.0")
        assert f"{row['package']} {row['version']} ({row['licence']})\n" in text
    assert text.count("Permission is hereby granted") == 3 and "Apache License" in text


def test_types_are_checked_against_the_same_versions() -> None:
    wanted = json.loads((Path(__file__).parent / "types" / "package.json").read_text(encoding="utf-8"))
    assert vendor_page.PACKAGES.items() <= wanted["devDependencies"].items()


def test_every_import_is_of_a_module_that_is_there() -> None:
    known = _import_map()
    for name, address in known.items():
        assert (PAGE.parent / address).is_file(), name
    seen = set()
    for path in _modules():
        code = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for _, name in IMPORTED.findall(code):
            if name.startswith("."):
                assert (path.parent / name).resolve() in _modules(), (path.name, name)
            else:
                assert name in known, (path.name, name)
                assert path.is_relative_to(VENDOR) or path.name == "html.js", "libraries come through html.js"
                seen.add(name)
    assert seen == set(known), "the import map holds what is imported"


def test_everything_that_the_page_names_is_there() -> None:
    for _, address in re.findall(r'\b(href|src)="([^"]+)"', INDEX):
        assert address == "data:," or (PAGE.parent / address).is_file(), address
    styles = {path.relative_to(PAGE.parent).as_posix() for path in PAGE.rglob("*.css")}
    assert styles == set(re.findall(r'rel="stylesheet" href="([^"]+)"', INDEX)), "each style is loaded"
    preloaded = set(re.findall(r'rel="modulepreload" href="([^"]+)"', INDEX))
    assert {each.removeprefix("./") for each in _import_map().values()} <= preloaded


def test_no_other_origin_is_named() -> None:
    for path in [*_modules(), *PAGE.rglob("*.css"), PAGE / "index.html"]:
        text = path.read_text(encoding="utf-8")
        for known in NOT_ASKED:
            text = text.replace(known, "")
        if not path.is_relative_to(VENDOR):
            text = re.sub(r"(?m)^\s*(//|\*|/\*).*$", "", text)
        assert not ADDRESS.findall(text), path.name
        assert "@import" not in text or path.suffix != ".css", path.name


def test_nothing_stands_in_the_page_that_the_policy_forbids() -> None:
    assert INDEX.count("<script") == 2, "the import map, and the first module"
    assert "<style" not in INDEX and " style=" not in INDEX and not re.search(r"\bon\w+=", INDEX)
    for path in _modules(ours=True):
        text = path.read_text(encoding="utf-8")
        for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert forbidden not in text, (path.name, forbidden)
        assert "dangerouslySetInnerHTML" not in text, path.name
        assert not re.search(r"\sstyle=[\"']", text), (path.name, "a style is an object")


def test_each_module_says_first_what_it_is() -> None:
    for path in _modules(ours=True):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("// ") or text.count("\n") < 4, path.name
