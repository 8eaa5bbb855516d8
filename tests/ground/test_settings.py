from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from personae.errors import SettingError
from personae.settings import TABLE, Settings, resolve


def test_the_table_and_the_values_are_one_list() -> None:
    assert [item.name for item in fields(Settings)] == [setting.name for setting in TABLE]
    for item, setting in zip(fields(Settings), TABLE, strict=True):
        assert item.default == setting.default, setting.name
        assert setting.help.endswith(".")


def test_given_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("far = 0.02\nmax_clusters = 2\nseed = 5\n")
    environment = {"PERSONAE_FAR": "0.03", "PERSONAE_SEED": "7"}
    found = resolve({"seed": 9, "far": None}, project=tmp_path, environment=environment)
    assert (found.seed, found.far, found.max_clusters, found.batch_size) == (9, 0.03, 2, 8)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("far", 0.9, "from 0.0001 to 0.5"),
        ("far", "a lot", "number"),
        ("far", float("nan"), "from 0.0001"),
        ("max_clusters", 2.5, "whole number"),
        ("max_clusters", 0, "from 1 to 16"),
        ("provider", "gpu", "one of auto, cpu"),
        ("far", "none", "needs a value"),
        ("no_such", 1, "Unknown setting: no_such"),
    ],
)
def test_a_wrong_value_says_what_would_be_right(name: str, value: object, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        resolve({name: value}, environment={})


@pytest.mark.parametrize("name", [item.name for item in TABLE])
def test_a_value_of_another_type_is_refused_by_name(name: str, tmp_path: Path) -> None:
    kind = {item.name: item.kind for item in TABLE}[name]
    for wrong in ("true", "[1]", "1979-05-27", "{a = 1}", "1.5", "1", "inf"):
        number = wrong in ("1.5", "1", "inf")
        if (kind is bool and wrong == "true") or (number and kind is float) or (wrong == "1" and kind is int):
            continue
        (tmp_path / "settings.toml").write_text(f"{name} = {wrong}\n")
        with pytest.raises(SettingError, match=rf"settings\.toml: {name}: .* is not (a|one of|yes or no)"):
            resolve(project=tmp_path, environment={})
    with pytest.raises(SettingError, match=f"--{name.replace('_', '-')}"):
        resolve({name: [True]}, environment={})


def test_numbers_of_numpy_and_paths_are_values() -> None:
    found = Settings(seed=np.int64(3), far=np.float32(0.25), detector=Path("net.onnx"))  # type: ignore[arg-type]
    assert (found.seed, found.far, found.detector) == (3, 0.25, "net.onnx")


@pytest.mark.parametrize("text", ["far = 0.02\n", "[personae]\nfar = 0.02\n", "[personae]\n"])
def test_a_byte_order_mark_and_a_heading_are_read(text: str, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert resolve(project=tmp_path, environment={}).far == (0.02 if "far" in text else 0.01)


@pytest.mark.shared
def test_the_given_file_with_a_byte_order_mark(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_bytes((shared_data / "cases" / "settings_bom.toml").read_bytes())
    assert resolve(project=tmp_path, environment={}) == Settings()


@pytest.mark.parametrize("content", [b"\xff\xfef\x00a\x00r\x00", b"far = 0.1\xe9", b"far = 0.1\x00", None])
def test_what_is_no_settings_file_is_a_sentence(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(SettingError, match=r"settings\.toml (cannot be read|is not valid TOML) .*Mend or remove it"):
        resolve(project=tmp_path, environment={})


def test_a_project_below_a_file_has_no_settings(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert resolve(project=tmp_path / "file" / "inner", environment={}) == Settings()


def test_none_clears_a_setting_that_may_be_none(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("threads = 3\n")
    assert resolve(project=tmp_path, environment={}).threads == 3
    assert resolve(project=tmp_path, environment={"PERSONAE_THREADS": "none"}).threads is None


def test_a_settings_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("far is 1")
    with pytest.raises(SettingError, match=r"settings\.toml is not valid TOML"):
        resolve(project=tmp_path, environment={})
