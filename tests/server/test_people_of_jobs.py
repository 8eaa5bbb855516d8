"""What a scan that is under way tells of whom it has seen, and a film that is scanned again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from personae.films import scan as scanning
from personae.project.session import Project
from tests.server.media import FAKE, make_media


def test_who_is_seen_is_known_before_the_film_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_media(tmp_path / "media")
    film = tmp_path / "media" / "ep1.mkv"
    seen: list[tuple[int, int]] = []
    with Project.open(tmp_path / "project", settings=FAKE) as project:
        assert project.films.seen_so_far([film]) == (0, []), "nothing has begun"
        before = scanning.look

        def look(*given: Any, **more: Any) -> Any:
            found = before(*given, **more)
            count, people = project.films.seen_so_far([film])  # every chunk is kept, and no timeline is there yet
            seen.append((count, len(people)))
            assert all(one.jpeg.startswith(b"\xff\xd8\xff") and one.faces > 1 for one in people)
            return found

        monkeypatch.setattr(scanning, "look", look)
        project.films.scan(film).close()
        assert seen == [(2, 2)]
        assert project.films.seen_so_far([film]) == (0, []), "it has ended"
