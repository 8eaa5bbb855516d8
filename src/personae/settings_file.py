"""Changes to a project's settings.toml that keep its other lines and comments.

The file is flat, `name = value` a line, so that a line is all that ever has to change; no TOML writer is needed. The
result is read back before it is written, and must say exactly what it said before and the changes.
"""

from __future__ import annotations

import copy
import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from personae.errors import SettingError, reason_of
from personae.files import read_whole, write_whole
from personae.settings import HEADING

Value = bool | int | float | str


def changed_text(text: str, changes: Mapping[str, Value]) -> str:
    """`text` of a settings file with `changes` made; raises SettingError where it cannot be done safely."""
    try:
        before = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingError(f"The settings file is not valid TOML ({error}). Mend or remove it.") from None
    lines = text.splitlines()
    expected = copy.deepcopy(before)
    for name, value in changes.items():
        under_heading = expected.get(HEADING)
        inside = expected
        if name not in expected and isinstance(under_heading, dict) and name in under_heading:
            inside = under_heading
        new = f"{name} = {json.dumps(value, ensure_ascii=False)}"
        at = [i for i, line in enumerate(lines) if re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", line)]
        if name in inside and at:
            comment = re.search(r"\s+#[^\"']*$", lines[at[0]])
            lines[at[0]] = new + (comment.group() if comment else "")
        else:
            tables = [i for i, line in enumerate(lines) if line.lstrip().startswith("[")]
            lines.insert(tables[0] if tables else len(lines), new)
        inside[name] = value
    result = "\n".join(lines) + "\n"
    try:
        right = tomllib.loads(result) == expected
    except tomllib.TOMLDecodeError:
        right = False
    if not right:
        wanted = ", ".join(f"{name} = {json.dumps(value)}" for name, value in changes.items())
        raise SettingError(
            f"The settings file is written in a way that cannot be changed here. Write into it: {wanted}"
        )
    return result


def change(path: Path, changes: Mapping[str, Value]) -> None:
    """Make `changes` in the file at `path`, or make the file; raises SettingError, WriteError."""
    write_whole(path, changed_text(read(path), changes).encode(), private=True)


def difference(path: Path, changes: Mapping[str, Value]) -> str:
    """What `change` would do, as a unified diff."""
    before = read(path)
    after = changed_text(before, changes)
    return "".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), str(path), str(path), n=1))


def read(path: Path) -> str:
    """The file's text, empty where there is none; raises SettingError."""
    try:
        return read_whole(path).decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} cannot be read ({reason_of(error)}). Mend or remove it.") from None
