"""The settings over HTTP: the value of each, and where it stands; no paths of the machine."""

from __future__ import annotations

from typing import Any

import pytest

from personae.settings import TABLE
from tests.server.conftest import API, Served


def rows(served: Served) -> dict[str, dict[str, Any]]:
    answer = served.as_role("viewer").get(f"{API}/settings")
    assert answer.status_code == 200, answer.text
    return {row["name"]: row for row in answer.json()["settings"]}


def test_each_setting_has_a_value_and_says_where_it_stands(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in TABLE:
        monkeypatch.delenv(one.environment, raising=False)
    before = rows(served)
    assert {name: row["value"] for name, row in before.items()} == {one.name: one.default for one in TABLE}
    assert {row["source"] for row in before.values()} == {"default"}
    (served.project.folder / "settings.toml").write_text("far = 0.05\nseed = 3\n")
    monkeypatch.setenv("PERSONAE_SEED", "4")
    monkeypatch.setenv("PERSONAE_EMBEDDER", "/home/anna/a.onnx,/home/anna/b.onnx,sface")
    now = rows(served)
    assert (now["far"]["value"], now["far"]["source"]) == (0.05, "project")
    assert (now["seed"]["value"], now["seed"]["source"]) == (4, "environment")
    assert now["embedder"]["value"] == "a.onnx,b.onnx,sface"


def test_a_settings_file_that_cannot_be_read_is_said_without_its_folder(served: Served) -> None:
    (served.project.folder / "settings.toml").write_text("far = 70\n")
    answer = served.client.get(f"{API}/settings")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("settings.toml: far: 70 is not a number from")
