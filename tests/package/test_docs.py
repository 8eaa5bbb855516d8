"""The documentation is complete and up to date: commands, settings, public names, reasons, and the examples."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

import personae
from personae.settings import TABLE
from personae.types import Reason
from scripts import make_docs

ROOT = Path(__file__).parents[2]
PAGES = {path.name: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]}
EVERYTHING = "\n".join(PAGES.values())


def test_generated_pages_are_up_to_date() -> None:
    hint = "run: python scripts/make_docs.py"
    assert PAGES["commands.md"] == make_docs.commands(), hint
    assert PAGES["settings.md"] == make_docs.settings(), hint
    assert PAGES["routes.md"] == make_docs.routes(), hint


def test_every_setting_public_name_and_reason_is_documented() -> None:
    for setting in TABLE:
        assert f"`{setting.name}`" in PAGES["settings.md"]
    for name in personae.__all__:
        assert f"`{name}`" in PAGES["library.md"], name
    for reason in Reason:
        assert f"`{reason}`" in PAGES["files.md"], reason


def test_every_public_method_of_the_recognizer_is_documented() -> None:
    for cls in (personae.CharacterRecognizer, personae.CharacterModel, personae.FaceAnalyzer):
        own = [name for name in vars(cls) if not name.startswith("_")]
        missing = [name for name in own if name not in EVERYTHING and name not in ("settings", "analyzer")]
        assert not missing, f"{cls.__name__}: {missing}"


def test_every_link_leads_somewhere() -> None:
    for name, text in PAGES.items():
        folder = ROOT if name == "README.md" else ROOT / "docs"
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (folder / target).exists(), f"{name}: {target}"


@pytest.mark.parametrize("language", ["python", "json"])
def test_examples_are_well_formed(language: str) -> None:
    blocks = re.findall(rf"```{language}\n(.*?)```", EVERYTHING, re.DOTALL)
    assert blocks
    for block in blocks:
        if language == "json":
            json.loads(block)
        else:
            compile(block, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_the_readme_opens_with_the_two_make_targets() -> None:
    first = PAGES["README.md"].split("```")[1]
    assert "make demo" in first and "make test" in first


def test_the_json_example_fits_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    example = json.loads(re.findall(r"```json\n(.*?)```", PAGES["files.md"], re.DOTALL)[0])
    schema = Path(personae.__file__).parent / "schemas" / "identify-1.schema.json"
    jsonschema.Draft202012Validator(json.loads(schema.read_text())).validate(example)


def test_every_module_says_what_it_is_for() -> None:
    for path in Path(personae.__file__).parent.rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
