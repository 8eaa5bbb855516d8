"""Some threads that do everything at once to one project: python -m tests.stress_worker WORLD SEED SECONDS THREADS.

What was decided about films and what was refused is written to standard output, a JSON object a line.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from personae.errors import PersonaeError
from personae.faces.fake import draw_picture
from personae.films import say
from personae.project.session import Project
from personae.settings import Settings

SETTINGS = Settings(detector="fake", embedder="fake", lock_timeout_s=60.0, outliers=False)
PEOPLE = ("Thor", "Loki", "Hela", "Odin", "Frigg")
FORGOTTEN = "Frigg"


class Worker:
    def __init__(self, world: Path, project: Project, seed: int) -> None:
        self.world = world
        self.project = project
        self.random = random.Random(seed)
        self.said: list[dict[str, str]] = []
        self.done: dict[str, int] = {}

    def once(self) -> None:
        work: list[Callable[[], object]] = [
            self.train, self.add, self.rename, self.identify, self.identify, self.scan, self.decide, self.decide,
            self.decide, self.undo, self.relabel, self.export, self.take_back,
        ]  # fmt: skip
        if self.random.random() < 0.1:
            work = [self.forget]
        chosen = self.random.choice(work)
        name = chosen.__name__
        try:
            chosen()
            self.done[name] = self.done.get(name, 0) + 1
        except PersonaeError as error:  # refused, with a sentence
            self.said.append({"refused": name, "why": str(error)})

    def train(self) -> object:
        return self.project.cast.train(self.world / "cast")

    def add(self) -> object:
        name = self.random.choice(PEOPLE)
        return self.project.cast.add(name, [self.world / "more" / f"{name}.png"])

    def rename(self) -> object:
        name = self.random.choice(list(self.project.cast.characters()) or ["nobody"])
        return self.project.cast.rename(name, f"{name.split('-')[0]}-{uuid4().hex[:3]}")

    def take_back(self) -> object:
        return self.project.cast.undo()

    def identify(self) -> object:
        known = set(self.project.cast.characters())
        pictures = [draw_picture([(name, 90)], take=4) for name in PEOPLE[:2]]
        return known, list(self.project.identify(pictures))

    def scan(self) -> object:
        film = self.random.choice(sorted((self.world / "films").glob("*.mp4")))
        out = self.random.choice([None, None, self.world / "out"])
        return self.project.films.scan(film, out, fresh=self.random.random() < 0.3)

    def forget(self) -> object:
        """Only whom no film shows: decisions about who is forgotten go, and here each is to be found again."""
        names = [name for name in self.project.cast.characters() if name.startswith(FORGOTTEN)] or ["nobody"]
        return self.project.forget(self.random.choice(names))

    def _film(self) -> str:
        return self.random.choice(self.project.films.names() or ["none"])

    def decide(self) -> None:
        request = uuid4().hex
        with self.project.films[self._film()] as film:
            who = self.random.choice([one.name for one in film.timeline.appearances] or ["nobody"])
            saying = self.random.choice([
                say.name(who, f"Somebody {self.random.randrange(100)}"), say.confirm(who), say.not_them(who),
                say.depicted(who), say.alive(who), say.stranger(who), say.name(who, say.NEW_UNKNOWN),
                say.add("Odin", 0.2, 0.6),
            ])  # fmt: skip
            film.decide(saying, request=request)
            self.said.append({"film": str(film.path), "request": request})

    def undo(self) -> None:
        with self.project.films[self._film()] as film:
            film.undo()

    def relabel(self) -> object:
        with self.project.films[self._film()] as film:
            return film.relabel()

    def export(self) -> object:
        with self.project.films[self._film()] as film:
            return film.export(self.world / "exports" / f"{uuid4().hex[:6]}.csv")


def main(world: Path, seed: int, seconds: float, threads: int) -> int:
    failures: list[str] = []
    ends = time.monotonic() + seconds
    with Project.open(world / "project", settings=SETTINGS) as project:
        workers = [Worker(world, project, seed * 100 + number) for number in range(threads)]

        def run(worker: Worker) -> None:
            import traceback

            try:
                while time.monotonic() < ends and not failures:
                    worker.once()
            except BaseException:
                failures.append(traceback.format_exc())

        running = [threading.Thread(target=run, args=(worker,)) for worker in workers]
        for each in running:
            each.start()
        for each in running:
            each.join()
    for worker in workers:
        for row in worker.said:
            print(json.dumps(row))
        print(json.dumps({"done": worker.done}))
    print("\n".join(failures), file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
