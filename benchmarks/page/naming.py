"""How many keys it takes to name everybody in a film by the page, and how right the names are then.

    python -m benchmarks.page.naming MADE... [--speed 5] [--keep FOLDER]

MADE: folders that `benchmarks.film.make_film` wrote with `--left-out 12`, each with a cast that the 12 are not in. For
each film the cast is trained, the film scanned, and the project served; a script then answers in a real browser what
the page asks, and nothing else. It knows who is on a crop that it sees, and the names; it does not know the film.

With the list (a), the names of the cast and of the 12 were given before, and every press counts, letters too. Without
(b), the letters of a name that is not known yet do not count, and everything else does. Printed beside them: the least
that is possible with the groups that the scan made where each person takes a letter and Enter, and each further group
one key (without the list: one key for each group).

"Named": the share of the 12 people's visible face time (of their tracks in the scan) that has the right name; "of all":
the same of the moments at which the truth has their face visible. "Wrong": seconds under a wrong name.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.film.accuracy import GRID_S, placed
from personae.project.session import Project
from personae.timeline import native
from personae.timeline.timeline import Timeline
from tests.browser import CHROMIUM
from tests.server.live import LiveServer

FILM = "film.mp4"
STRANGER = "stranger "
"""How `make_film` calls those who have one photo."""
MOST_STEPS = 400
SETTLES_S = 1.0


@dataclass
class Film:
    """A made film and who is on it. `left_out`: who is on several photos and not in the cast."""

    folder: Path
    truth: dict[str, Any]
    cast: tuple[str, ...]
    left_out: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path) -> Film:
        """As `make_film` wrote it."""
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        cast = tuple(sorted(path.name for path in (folder / "cast").iterdir()))
        others = {one["who"] for one in truth["presences"] if not one["cast"]}
        return cls(folder, truth, cast, tuple(sorted(who for who in others if not who.startswith(STRANGER))))


@dataclass
class Answered:
    """What naming took, and what came of it."""

    presses: int = 0
    free: int = 0
    seconds: float = 0.0
    said: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)


@contextmanager
def served(film: Film, names: Sequence[str], project: Path) -> Iterator[LiveServer]:
    """A copy of a scanned project, served, with more names in the cast."""
    if names:
        with Project.open(project) as opened:
            opened.cast.add_names(names)
    with LiveServer(project, film.folder) as server:
        yield server


class Script:
    """Answers what the page asks. `who`: address of a crop -> the person on it, None where it is nobody."""

    def __init__(self, page: Page, film: Film, who: dict[str, str | None], *, has_list: bool, pause_s: float) -> None:
        self.page, self.film, self.who = page, film, who
        self.known = {*film.cast, *(film.left_out if has_list else ())}
        self.pause_s = pause_s
        self.done = Answered()
        self.saw: dict[str | None, int] = {}

    def press(self, key: str, *, counts: bool = True) -> None:
        """One key."""
        self.page.keyboard.press(key)
        if counts:
            self.done.presses += 1
        else:
            self.done.free += 1
        if self.pause_s:
            time.sleep(self.pause_s)

    def run(self) -> Answered:
        """Answer until nothing is asked any more, or only of whom the script does not know."""
        began = time.monotonic()
        put_off: set[str] = set()
        for _ in range(MOST_STEPS):
            asked = self.asked()
            if asked is None or asked["id"] in put_off:
                time.sleep(SETTLES_S)  # what was merged comes back
                asked = self.asked()
                if asked is None or asked["id"] in put_off:
                    break
            before, presses = asked["id"], self.done.presses
            if not self.answer(asked):
                put_off.add(before)
            line = f"{asked['kind']} {asked['title']} {self.saw}: {self.done.presses - presses}"
            self.done.trace.append(f"{line} {asked['wrong'] and 'refused before: ' + asked['wrong']}")
            self.page.wait_for_function("id => document.querySelector('.asked')?.dataset.id !== id", arg=before)
        self.done.seconds = time.monotonic() - began
        return self.done

    def asked(self) -> dict[str, Any] | None:
        """What the page shows: the question's id and kind, its crops, the names with their numbers."""
        self.page.wait_for_selector(".asked, .nothing")
        found: dict[str, Any] | None = self.page.evaluate(READ)
        return found

    def answer(self, asked: dict[str, Any]) -> bool:
        """Answer a question; whether it is settled."""
        people = [self.who.get(each) for each in asked["crops"]]
        self.saw = dict(Counter(people))
        self.done.said[asked["kind"]] += 1
        if asked["kind"] != "person":
            for number, one in enumerate(people, 1):
                if one != asked["who"] and number < 10:
                    self.press(str(number))
            self.press("Enter")
            return True
        name = Counter(people).most_common(1)[0][0]
        if name is None or name not in {*self.known, *self.film.left_out}:
            self.press("Escape")
            return False
        self.give(name, asked)
        self.known.add(name)
        return True

    def give(self, name: str, asked: dict[str, Any]) -> None:
        """Give a name with as few keys as a person would: a number, or letters until it can be taken."""
        if name in asked["names"]:
            self.press(str(asked["names"].index(name) + 1))
            return
        for letter in name:
            self.press(letter if letter != " " else "Space", counts=name in self.known)
            shown = self.asked() or asked
            if name in self.known and name in shown["names"]:
                at = shown["names"].index(name)
                self.press("Enter" if at == 0 else str(at + 1))
                return
        self.press("Enter")


READ = """() => {
  const asked = document.querySelector(".asked");
  if (!asked) return null;
  const path = (image) => (image ? new URL(image.src).pathname : "");
  return {
    id: asked.dataset.id, kind: asked.dataset.kind, who: asked.dataset.who,
    title: asked.querySelector(".facts").textContent, wrong: asked.querySelector(".wrong").textContent,
    crops: [...asked.querySelectorAll(".crops img")].map(path),
    names: [...asked.querySelectorAll(".choices .name")].map((one) => one.title),
    faces: [...asked.querySelectorAll(".choices button")].map((one) => path(one.querySelector("img"))),
  };
}"""


def who_is_on(server: LiveServer, film: Film) -> dict[str, str | None]:
    """Address of each crop of the film -> who is on it by the truth."""
    with server.client() as client:
        (one,) = client.get("/films").json()["films"]
        timeline = _timeline(server.project)
        of_track = {each.track: each.who for each in placed(film.truth, timeline)}
        found: dict[str, str | None] = {}
        cursor = None
        while True:
            query: dict[str, str | int] = {"by": "track", "limit": 1000, **({"cursor": cursor} if cursor else {})}
            page = client.get(f"/media/{one['id']}/crops", params=query).json()
            for row in page["crops"]:
                found |= {crop["address"]: of_track.get(crop["track"]) for crop in row["pictures"]}
            cursor = page["next"]
            if cursor is None:
                return found


def _timeline(project: Path) -> Timeline:
    return native.read(next((project / "films").glob("*/film.timeline.json")))


def groups(film: Film, timeline: Timeline) -> dict[str, int]:
    """Person left out -> how many groups without a name the scan made of them."""
    says = {each.track: each for each in placed(film.truth, timeline)}
    found: dict[str, set[int]] = {name: set() for name in film.left_out}
    for each in says.values():
        if each.who in found and each.unknown is not None and not each.depicted:
            found[each.who].add(each.unknown)
    return {name: len(own) for name, own in found.items()}


def rightness(film: Film, timeline: Timeline) -> dict[str, float]:
    """Shares and seconds; see the module."""
    base = float(Fraction(film.truth["time_base"]))
    says = {number: one for one in timeline.appearances for number in one.tracks}
    own = right = wrong = 0.0
    tracks = {track.id: track for track in timeline.tracks}
    wrong_spans = 0
    for one in placed(film.truth, timeline):
        said = says.get(one.track)
        if one.truly_depicted or said is None or said.depicted:
            continue
        seconds = (tracks[one.track].end_pts - tracks[one.track].start_pts) * base
        if one.who in film.left_out:
            own += seconds
            right += seconds * (said.character == one.who)
        if said.character not in {None, one.who}:
            wrong += seconds
            wrong_spans += 1
    hits = seen = 0
    spans = defaultdict(list)
    for each in timeline.appearances:
        if each.character is not None and not each.depicted:
            spans[each.character].append((each.start_pts, each.end_pts))
    for one in film.truth["presences"]:
        if one["who"] not in film.left_out or one["depicted"]:
            continue
        for start, end, how in one["spans"]:
            if how == "visible":
                step = max(int(GRID_S / base), 1)
                for pts in range(start + step // 2, end, step):
                    seen += 1
                    hits += any(a <= pts < b for a, b in spans[one["who"]])
    return {"named": right / own if own else 1.0, "of all": hits / seen if seen else 1.0, "wrong_s": wrong,
            "wrong spans": wrong_spans}  # fmt: skip


def name_film(
    film: Film, scanned: Path, *, has_list: bool, pause_s: float, headed: bool = False
) -> tuple[dict[str, Any], list[str]]:
    """Name everybody in one film."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        shutil.copytree(scanned, project)
        made = groups(film, _timeline(project))
        names = film.left_out if has_list else ()
        with served(film, names, project) as server, sync_playwright() as driver:
            who = who_is_on(server, film)
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], headless=not headed)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            refused: list[str] = []
            page.on("response", lambda one: refused.extend([one.url] if one.status == 409 else []))
            page.goto(f"{server.address}/?token={server.token}")
            page.wait_for_selector(".asked")
            done = Script(page, film, who, has_list=has_list, pause_s=pause_s).run()
            with server.client() as client:  # what was taught is done before it is looked at
                for _ in range(600):
                    jobs = client.get("/jobs").json()["jobs"]
                    if not any(job["state"] in ("waiting", "running") for job in jobs):
                        break
                    time.sleep(0.1)
            browser.close()
        with Project.open(project) as opened, opened.films[opened.films.names()[0]] as kept:
            timeline = kept.timeline
        further = sum(made.values()) - len([one for one in made.values() if one])
        least = 2 * len([one for one in made.values() if one]) + further if has_list else sum(made.values())
        return {"film": film.folder.name, "list": has_list, "presses": done.presses, "free": done.free,
                "least": least, "groups": sum(made.values()), "questions": dict(done.said),
                "seconds": done.seconds, **rightness(film, timeline)}, [*done.trace, *refused]  # fmt: skip


def scan(film: Film, into: Path) -> Path:
    """A project with the film's cast and the film, scanned once."""
    project = into / film.folder.name
    if not project.is_dir():
        with Project.open(project) as opened:
            opened.cast.train(film.folder / "cast")
            opened.films.scan(film.folder / FILM).close()
    return project


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("made", type=Path, nargs="+")
    parser.add_argument("--speed", type=float, default=0.0, help="keys a second at most; default as fast as it can")
    parser.add_argument("--keep", type=Path, help="where the scanned projects are kept, and found again")
    parser.add_argument("--trace", action="store_true", help="print each question with who is on its crops")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for made in given.made:
            film = Film.of(made)
            project = scan(film, given.keep or Path(folder))
            for has_list in (True, False):
                pause_s = 1 / given.speed if given.speed else 0.0
                found, trace = name_film(film, project, has_list=has_list, pause_s=pause_s)
                print(json.dumps(found), *(trace if given.trace else ()), sep="\n", flush=True)


if __name__ == "__main__":
    main()
