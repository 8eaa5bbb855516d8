"""What a session that stays open heeds: settings that are written meanwhile."""

from __future__ import annotations

import pickle
from pathlib import Path

from personae import Project, Settings


def test_settings_that_are_written_count_for_a_session_that_stays_open(tmp_path: Path) -> None:
    with Project.open(tmp_path / "project") as project:
        first = project.context.analyzer
        assert project.settings.max_clusters == Settings().max_clusters and project.context.analyzer is first
        project.folder.mkdir()
        project.context.paths.settings.write_text("max_clusters = 1\n")
        assert project.settings.max_clusters == 1
        assert project.context.analyzer is not first and project.context.analyzer.settings.max_clusters == 1
        assert pickle.loads(pickle.dumps(project)).settings.max_clusters == 1
        project.context.paths.settings.unlink()
        assert project.settings.max_clusters == Settings().max_clusters


def test_settings_that_were_given_stay(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "settings.toml").write_text("max_clusters = 1\n")
    with Project.open(tmp_path / "project", settings=Settings()) as project:
        assert project.settings == Settings()
