"""A project for tests of routes: ep1 shows Thor and Hela, ep2 Thor and Odin, the photos "holiday" Thor and Loki."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from PIL import Image

from personae.faces.fake import draw_picture
from personae.project.session import Project
from personae.settings import Settings
from tests.drawn_films import drawn_film, scene
from tests.film_maker import Pixels
from tests.server.conftest import API

FAKE = Settings(detector="fake", embedder="fake")
FILMS = {
    "ep1": (("Thor", 80, 120, 90), ("Hela", 230, 120, 90)),
    "ep2": (("Thor", 90, 110, 96), ("Odin", 230, 120, 84)),
}
FRAMES = 40


def _picture(seed: int, people: Any, number: int) -> Pixels:
    return scene(seed, people, take=number // 6)


def make_media(media: Path) -> None:
    """The films and the photos, below a media root."""
    media.mkdir(exist_ok=True)
    for seed, (name, people) in enumerate(FILMS.items()):
        drawn_film(media / f"{name}.mkv", partial(_picture, seed, people), FRAMES)
    photos = media / "holiday"
    photos.mkdir()
    for number, together in enumerate((("Thor", "Loki"), ("Loki",))):
        drawn = draw_picture([(who, 96) for who in together], take=number + 3)
        Image.fromarray(drawn.pixels).save(photos / f"{number}.png")


def scan_media(project: Path, media: Path) -> None:
    """Everything of `make_media` scanned and kept."""
    with Project.open(project, settings=FAKE) as opened:
        for name in FILMS:
            opened.films.scan(media / f"{name}.mkv").close()
        opened.photos.keep(media / "holiday")


class Client:
    """What tests ask of a client: JSON bodies and answers, paths below the API."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        """The answer, which has that status."""
        answer = self.client.get(f"{API}{path}", params={key: value for key, value in query.items() if value})
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 200, key: str | None = None) -> Any:
        """The same for what changes something; `key`: the Idempotency-Key."""
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = self.client.post(f"{API}{path}", json=body, headers=headers)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json()

    def all(self, path: str, plural: str, limit: int, **query: Any) -> list[Any]:
        """Every row of a list, page by page."""
        found, cursor = [], None
        while True:
            page = self.get(path, limit=limit, cursor=cursor, **query)
            assert len(page[plural]) <= limit
            found += page[plural]
            cursor = page["next"]
            if cursor is None:
                return found

    def id(self, name: str) -> str:
        """The id of a film or set."""
        rows = [*self.get("/films")["films"], *self.get("/photo-sets")["photo_sets"]]
        return str(next(row["id"] for row in rows if row["name"] == name))


def name(who: Any, to: str) -> dict[str, Any]:
    """A body that names somebody."""
    return {"say": "name", "who": who, "to": to}
