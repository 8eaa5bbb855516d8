"""settings.toml changed line by line, everything else kept."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from personae import settings_file
from personae.errors import SettingError
from personae.settings import resolve

TEXT = """# ours
far = 0.02      # the producer asked for it
  max_clusters=2

seed = 5
"""


def test_only_the_changed_lines_change() -> None:
    changed = settings_file.changed_text(TEXT, {"far": 0.005, "max_clusters": 1, "batch_size": 8})
    assert changed == (
        "# ours\nfar = 0.005      # the producer asked for it\nmax_clusters = 1\n\nseed = 5\nbatch_size = 8\n"
    )


def test_a_new_file_and_its_difference(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    diff = settings_file.difference(path, {"far": 0.01, "detector": 'a "b"'})
    assert "+far = 0.01" in diff and not path.exists()
    settings_file.change(path, {"far": 0.02, "detector": 'a "b"'})
    assert resolve(project=tmp_path, environment={}).far == 0.02
    assert resolve(project=tmp_path, environment={}).detector == 'a "b"'
    settings_file.change(path, {"far": 0.03})
    assert path.read_text() == 'far = 0.03\ndetector = "a \\"b\\""\n'
    assert settings_file.difference(path, {"far": 0.03}) == ""


@pytest.mark.parametrize(
    "text",
    ["far = ", 'detector = """\nfar = 1\n"""\nfar = 2\n', "far = [\n 1,\n]\n"],
)
def test_what_cannot_be_changed_safely_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match=r"Mend|Write into it"):
        settings_file.changed_text(text, {"far": 0.5})


@pytest.mark.parametrize(
    "text", ["far = 0.02\nseed = 5\n", "[personae]\nfar = 0.02  # ours\nseed = 5\n", "[personae]\n", ""]
)
def test_with_a_byte_order_mark_or_a_heading_it_stays_valid(text: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert settings_file.difference(path, {"far": 0.05, "max_clusters": 2})
    settings_file.change(path, {"far": 0.05, "max_clusters": 2})
    found = resolve(project=tmp_path, environment={})
    assert (found.far, found.max_clusters, found.seed) == (0.05, 2, 5 if "seed" in text else 0)
    assert path.read_text().count("far") == 1
    with path.open("rb") as file:
        tomllib.load(file)
