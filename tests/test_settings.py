from __future__ import annotations

from dataclasses import fields
from pathlib import Path

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
