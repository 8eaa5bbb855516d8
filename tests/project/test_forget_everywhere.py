"""Forgetting on films that were really scanned, with every export made, inside the project and outside it."""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from personae import archive, say
from personae.cli import cli
from personae.errors import PersonaeError, ProjectBusyError, WriteError
from personae.exports.registry import exporters
from personae.faces.analyzer import FaceAnalyzer
from personae.faces.fake import FakeDetector, FakeEmbedder, draw_picture
from personae.films.film_files import FilmFiles
from personae.films.store import MediaStore
from personae.forgetting.fates import FATES
from personae.forgetting.names import NameSearch
from personae.progress import Cancelled, Progress
from personae.project.forgetting import ForgetReport
from personae.project.session import Project
from personae.timeline import native
from personae.types import FloatArray
from tests.drawn_films import drawn_film, scene

SETTINGS = 'detector = "fake"\nembedder = "fake"\nlock_timeout_s = 20\n'
E_ACUTE = unicodedata.normalize("NFD", "Zoé")
NAMES = ["Thor", "Al", 'A&B "Q" <x>', E_ACUTE, "Dr. O'Neill", "Bea 🎬"]


def draw(n: int) -> Any:
    """Thor, Loki, and a stranger."""
    people = [("Thor", 60.0 + n, 90.0, 70), ("Loki", 170.0, 100.0, 64), ("stranger", 265.0, 120.0, 60)]
    return scene(1, people, take=n // 8 % 5)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_film(tmp_path_factory.mktemp("film") / "party.mp4", draw, 24)


class World:
    """OUT with a project in it, results of one film around it; the person is called `name`."""

    def __init__(self, folder: Path, film: Path, name: str = "Thor", other: str = "Loki") -> None:
        self.folder, self.name, self.other = folder, name, other
        self.film = folder / "party.mp4"
        shutil.copy(film, self.film)
        self.out = folder / "OUT"
        self.project = self.out / "personae"
        self.project.mkdir(parents=True)
        (self.project / "settings.toml").write_text(SETTINGS)
        for who, called in (("Thor", name), ("Loki", other)):
            (folder / "cast" / called.replace("/", "_")).mkdir(parents=True)
            for take in (0, 9):
                picture = Image.fromarray(draw_picture([(who, 96)], take=take).pixels)
                picture.save(folder / "cast" / called / f"{take}.png")
        self.files = FilmFiles(self.out, "party")

    def run(self, *arguments: str | Path, status: int = 0) -> str:
        """What a command says; `status`: what it shall end with."""
        answer = CliRunner().invoke(cli, [str(each) for each in arguments], standalone_mode=False)
        error = answer.exception
        if error is not None and not isinstance(error, PersonaeError):
            raise error
        assert (2 if error else answer.return_value or 0) == status, (answer.output, error)
        return answer.output + str(error or "")

    def scan(self) -> None:
        self.run("scan", self.film, "--cast", self.folder / "cast", "--out", self.out, "--progress", "none")

    def forget(self, **options: Any) -> ForgetReport:
        with Project.open(self.project) as project:
            return project.forget(self.name, **options)


@pytest.fixture
def world(tmp_path: Path, film: Path) -> World:
    world = World(tmp_path, film)
    world.scan()
    return world


def names_in(folder: Path, name: str, without: tuple[Path, ...] = ()) -> list[str]:
    """Files below a folder that hold a name as a word, the user's own photos and films aside."""
    search = NameSearch({name})
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(("gallery", "project.sqlite")) and path not in without
        and search.in_bytes(path.read_bytes())
    ]  # fmt: skip


def faces_of(who: str) -> FloatArray:
    analyzer = FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder())
    return np.concatenate([analyzer.analyze(draw_picture([(who, 96)], take=take)).embeddings for take in (0, 9)])


def assert_no_face_is_left(folder: Path, who: str) -> None:
    """In no picture below a folder, and in no track."""
    analyzer, vectors = FaceAnalyzer(detector=FakeDetector(), embedder=FakeEmbedder()), faces_of(who)
    for path in folder.rglob("*"):
        if path.suffix in (".jpg", ".png"):
            found = analyzer.analyze(path).embeddings
            assert not len(found) or (found @ vectors.T).max() < 0.5, path
        if path.suffix == ".tracks":
            arrays, _ = archive.read(path, schema=archive.schema_of(path))
            found = arrays["embeddings"]
            assert not len(found) or (found @ vectors.T).max() < 0.5, path


def test_a_scan_outside_the_project(world: World) -> None:
    """The first of the tries: nothing was found, and timeline, tracks and exports went on naming him."""
    csv = world.out / "thor.csv"
    world.run("export", world.files.timeline, "-o", csv)
    pictures = set(world.files.faces.iterdir())
    text = world.run("forget", "Thor", "--yes", "--project", world.project)
    timeline = native.read(world.files.timeline)
    assert [one.name for one in timeline.appearances] == ["Loki", "Unknown 1"]
    assert "Thor" not in world.files.timeline.read_text()
    assert b"Thor" not in world.files.tracks.read_bytes()
    assert_no_face_is_left(world.out, "Thor")
    assert len(pictures - set(world.files.faces.iterdir())) == 1
    assert f"written elsewhere earlier, not touched: {csv.resolve()} (appearances)\n" in text
    assert "1 unknown person of your films was not touched; look at them:" in " ".join(text.split())
    assert names_in(world.out, "Thor") == ["thor.csv"]
    # The others can still be named, and found again by a model.
    with Project.open(world.project) as project:
        again = project.films[world.files.timeline].relabel().timeline
    assert [one.name for one in again.appearances][:1] == ["Loki"]


def test_what_was_scanned_before_the_ledger_is_adopted(world: World) -> None:
    """A project of the version before: films outside are on no list."""
    for path in world.project.glob("project.sqlite*"):
        path.unlink()
    report = world.forget()
    assert report.complete and report.removed["tracks"] > 0
    assert names_in(world.out, "Thor") == []
    assert_no_face_is_left(world.out, "Thor")


def test_everything_that_is_written_elsewhere_is_cleaned_deleted_or_listed(world: World) -> None:
    """Every command that writes names or faces outside is in the ledger, and each kind has its fate."""
    t, away = world.files.timeline, world.folder / "away"
    away.mkdir()
    world.run("scan", world.film, "--project", world.project, "--out", world.out, "--annotate", "--progress", "none")
    exports = {name: away / f"{name}{one.suffixes[0]}" for name, one in exporters().items()}
    for name, path in exports.items():
        world.run("export", t, "-o", path, "--format", name)
    world.run("export", t, "-o", away / "drawn.mp4")
    world.run("report", t, "-o", away / "page.html")
    world.run("select", t, "-o", away / "cuts.edl", "--character", "Thor")
    world.run("select", t, "-o", away / "cuts.mp4", "--character", "Thor")
    p = ("--project", world.project)
    world.run("evaluate", "--report", away / "evaluation.html", "--json", away / "evaluation.json", *p)
    both = world.folder / "both"
    both.mkdir()
    Image.fromarray(draw_picture([("Thor", 96), ("Loki", 80)]).pixels).save(both / "both.png")
    Image.fromarray(draw_picture([("Loki", 96)]).pixels).save(both / "loki.png")
    world.run("identify", both, "--annotate", away / "copies", "--json", away / "who.json", *p)
    with Project.open(world.project) as project:
        kinds = {Path(entry.path).name: entry.kind for entry in project.context.paths.ledger.entries()}
    written = {path.name for path in away.rglob("*") if path.is_file()} | {"party.annotated.mp4"}
    assert written <= set(kinds), written - set(kinds)
    report = world.forget()
    assert report.complete, (report.found, report.unreached)
    # Whatever kind it is: as the table of fates says.
    listed = {Path(path).name for path in report.exports}
    for name in written:
        path = world.out / name if name == "party.annotated.mp4" else next(iter(away.rglob(name)), away / name)
        fate = FATES.get(kinds[name], ("list", ""))[0]
        is_named = "loki" not in name
        assert path.exists() == (fate != "delete" or not is_named), (name, fate)
        assert (name in listed) == (fate == "list"), (name, fate)
        if fate == "clean":
            assert "Thor" not in path.read_text() and "Loki" in path.read_text()
    assert set(report.burnt_in) == {str((away / "cuts.mp4").resolve())}
    assert set(names_in(away, "Thor")) <= listed
    assert_no_face_is_left(away, "Thor")
    again = world.run("forget", "Thor", "--yes", *p, status=2)
    assert "No character is called" in again


@pytest.mark.parametrize("name", NAMES)
def test_names_that_formats_escape_and_that_are_parts_of_others(tmp_path: Path, film: Path, name: str) -> None:
    others = {"Al": "Alice", "Thor": "Authority"}
    world = World(tmp_path, film, name, others.get(name, "Loki"))
    world.scan()
    world.run("export", world.files.timeline, "-o", world.project / "exports")
    world.run("report", world.files.timeline)
    world.run("export", world.files.timeline, "-o", world.out / "mine.eaf")
    report = world.forget()
    # What was exported into the project is deleted, also where a format writes the name its own way.
    assert report.complete, report.found
    assert names_in(world.out, name) == ["mine.eaf"]
    timeline = native.read(world.files.timeline)
    assert world.other in {one.name for one in timeline.appearances}
    assert world.other in world.files.timeline.read_text()


def test_what_the_user_changed_is_listed_and_not_touched(world: World) -> None:
    page = world.out / "party.report.html"
    world.run("report", world.files.timeline)
    page.write_text(page.read_text() + "<!-- mine -->")
    changed = world.files.timeline.read_text().replace("{", "{ ", 1)
    world.files.timeline.write_text(changed)
    report = world.forget()
    assert page.exists() and world.files.timeline.read_text() == changed
    assert not (world.out / "party.sheet.html").exists()
    assert set(report.exports) == {str(page.resolve()), str(world.files.timeline.resolve())}
    assert report.complete and b"Thor" not in world.files.tracks.read_bytes()


def test_an_unreachable_place_is_named_and_cleaned_when_it_is_seen(
    tmp_path: Path, film: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path, film)
    p = ("--project", world.project)
    disk = tmp_path / "disk" / "results"
    world.run("train", world.folder / "cast", *p)
    world.run("scan", world.film, "--out", disk, "--progress", "none", *p)
    timeline = disk / "party.timeline.json"
    world.run("export", timeline, "-o", disk / "party.edl", *p)
    world.run("report", timeline, *p)
    (tmp_path / "disk").rename(tmp_path / "unplugged")
    text = world.run("forget", "Thor", "--yes", *p, status=1)
    assert f"NOT REACHED: {timeline.resolve()}: it is not there" in text
    assert names_in(world.project, "Thor") == []
    with Project.open(world.project) as project:
        assert {Path(one.path).name for one in project.context.paths.ledger.to_be_cleaned()} == {
            "party.timeline.json", "party.report.html", "party.sheet.html",
        }  # fmt: skip
    for path in world.project.glob("project.sqlite*"):
        assert b"Thor" not in path.read_bytes(), "whom a project forgot, it does not keep in mind"
    world.run("rename", "Loki", "Low-key", *p)  # still away
    (tmp_path / "unplugged").rename(tmp_path / "disk")
    page = disk / "party.sheet.html"
    page.write_text("a page of the user's own, where ours was")
    assert "Thor" in timeline.read_text()
    world.run("rename", "Low-key", "Loki", *p)
    assert caplog.text.count("now that it can be reached") == 2 and "Thor" not in caplog.text
    assert f"stays: {page.resolve()}" in caplog.text and page.exists()
    assert names_in(disk, "Thor") == ["party.edl"]
    assert_no_face_is_left(disk, "Thor")
    assert "Loki" in {one.name for one in native.read(timeline).appearances}
    with Project.open(world.project) as project:
        assert project.context.paths.ledger.to_be_cleaned() == ()


def test_a_film_that_is_back_names_nobody_who_was_forgotten_meanwhile(world: World) -> None:
    project, back = world.folder / "project", world.folder / "disk"
    project.mkdir()
    (project / "settings.toml").write_text(SETTINGS)
    world.run("scan", world.film, "--cast", world.folder / "cast", "--out", back, "--project", project)
    path = back / "party.timeline.json"
    with Project.open(project) as opened:
        open_before = opened.films[path]
        assert "Thor" in {one.name for one in open_before.timeline.appearances}
        back.rename(world.folder / "unplugged")
        assert opened.forget("Thor").unreached
        (world.folder / "unplugged").rename(back)
        assert "Thor" in path.read_text()
        for film in (opened.films[path], open_before):
            assert {one.name for one in film.timeline.appearances} >= {"Loki"}
            assert "Thor" not in {one.name for one in film.timeline.appearances}
        assert "Thor" not in path.read_text() and not opened.context.paths.ledger.has_put_off()


@pytest.mark.parametrize("what", ["decisions", "decide", "export", "relabel"])
def test_whatever_is_done_first_with_a_film_that_is_back(world: World, what: str) -> None:
    away = world.folder / "unplugged"
    project = world.folder / "project"
    world.project.rename(project)
    with Project.open(project) as opened:
        world.out.rename(away)
        opened.context.paths.ledger.record(world.files.timeline, sha256="", kind="timeline", who=["Thor"])
        assert opened.forget("Thor").unreached
        away.rename(world.out)
        film = opened.films[world.files.timeline]
        if what == "decide":
            film.decide(say.confirm("Loki"))
        elif what == "export":
            film.export(world.folder / "x.csv")
            assert "Thor" not in (world.folder / "x.csv").read_text()
        elif what == "relabel":
            film.relabel()
        else:
            assert film.decisions.entries == ()
        film.close()
        assert "Thor" not in world.files.timeline.read_text()


def test_of_a_film_without_the_person_nothing_is_expected(tmp_path: Path, film: Path) -> None:
    world = World(tmp_path, film)
    disk = tmp_path / "disk"
    with Project.open(world.project) as project:
        project.cast.add("Loki", [world.folder / "cast" / "Loki"])
        project.films.scan(world.film, disk)
        project.cast.add("Thor", [world.folder / "cast" / "Thor"])
        disk.rename(tmp_path / "unplugged")
        assert project.forget("Thor").complete
        assert [Path(path).name for path, _ in project.forget("Loki").unreached] == ["party.timeline.json"]


def test_a_folder_that_cannot_be_written_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root there are no permissions, so the lock of the film fails as it would without."""
    locked = MediaStore.locked

    def denied(store: MediaStore, files: FilmFiles, purpose: str) -> Any:
        if purpose == "forget":
            error = PermissionError(13, "Permission denied")
            raise WriteError(files.folder, "cannot be written") from error
        return locked(store, files, purpose)

    with monkeypatch.context() as patch:
        patch.setattr(MediaStore, "locked", denied)
        report = world.forget()
    assert report.unreached == ((str(world.files.timeline.resolve()), "no permission to write there"),)
    assert not report.complete and "Thor" in world.files.timeline.read_text()
    with Project.open(world.project) as project, project.context.locked("test"):
        pass
    assert names_in(world.out, "Thor") == []


def test_somebody_whom_only_a_person_named(world: World) -> None:
    """Sif is in no cast: her name is in decisions and in the timeline, her face in tracks without a name."""
    world.run("name", "Unknown 1", "Sif", "--timeline", world.files.timeline)
    assert "Sif" in world.files.timeline.read_text()
    world.name = "Sif"
    report = world.forget()
    assert report.complete and names_in(world.out, "Sif") == []
    assert_no_face_is_left(world.out, "stranger")
    assert {one.name for one in native.read(world.files.timeline).appearances} == {"Loki", "Thor"}


def test_an_unfinished_scan_elsewhere(tmp_path: Path, film: Path) -> None:
    """A scan that was broken off has left pieces with faces beside nothing that the ledger could list."""
    world = World(tmp_path, film)
    elsewhere = tmp_path / "elsewhere"
    with Project.open(world.project) as project:
        project.cast.train(world.folder / "cast")

        def broken(progress: Progress) -> None:
            if progress.stage == "naming":
                raise Cancelled

        with pytest.raises(Cancelled):
            project.films.scan(world.film, elsewhere, progress_callback=broken)
        [piece] = (elsewhere / ".party.scan").glob("*.tracks")
        before = len(archive.read(piece, schema=archive.schema_of(piece))[0]["embeddings"])
        report = project.forget("Thor")
    assert report.complete and str(piece.resolve()) in dict(report.searched)
    assert 0 < len(archive.read(piece, schema=archive.schema_of(piece))[0]["embeddings"]) < before
    assert_no_face_is_left(elsewhere, "Thor")


def test_it_reports_each_file_and_is_completed_when_it_was_cancelled(world: World) -> None:
    told: list[Progress] = []
    with Project.open(world.project) as project:
        count = 0

        def cancel(progress: Progress) -> None:
            nonlocal count
            count += 1
            if count == 4:
                raise Cancelled

        with pytest.raises(Cancelled):
            project.forget("Thor", progress_callback=cancel)
        assert project.context.paths.is_forgetting
    with Project.open(world.project) as project:
        assert project.card is not None and project.card.characters == ("Loki",)  # whatever opens it, completes it
        assert not project.context.paths.is_forgetting
        assert names_in(world.out, "Thor") == []
        project.forget("Loki", progress_callback=told.append)
    assert {one.stage for one in told} == {"forgetting"}
    assert [one.done for one in told] == list(range(1, len(told) + 1))
    assert str(world.files.timeline.resolve()) in {one.message for one in told}


def test_a_film_that_somebody_writes_to_is_waited_for(world: World) -> None:
    with Project.open(world.project) as project:
        store = project.films.store
        with store.locked(world.files, "decide"):
            impatient = Project.open(world.project, settings=type(project.settings)(lock_timeout_s=0.1))
            with pytest.raises(ProjectBusyError):
                impatient.forget("Thor")
        assert project.context.paths.is_forgetting
        project.context.settle()
        assert names_in(world.out, "Thor") == []


@pytest.mark.parametrize("again", ["scan", "relabel", "name"])
def test_what_is_done_with_the_film_afterwards_brings_nobody_back(world: World, again: str) -> None:
    world.forget()
    with Project.open(world.project) as project:
        if again == "scan":
            assert project.films.scan(world.film, world.out).reused
        else:
            project.films[world.files.timeline].relabel()
    if again == "name":
        world.run("name", "Unknown 1", "Sif", "--timeline", world.files.timeline)
    assert names_in(world.out, "Thor") == []
    assert_no_face_is_left(world.out, "Thor")
    with Project.open(world.project) as project:
        entry = project.context.paths.ledger.find(world.files.timeline)
    assert entry is not None and "Thor" not in entry.who
