"""What the search after a forgetting sees: names as formats write them, faces in pages and under frames, outputs."""

from __future__ import annotations

import base64
import io
import json
import shutil
import sqlite3
import unicodedata
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from personae import archive
from personae.cast.forget_who import person_of
from personae.cast.gallery import Gallery
from personae.cli import cli
from personae.errors import DamagedFileError, ForeignFileError, ProjectBusyError, UnknownCharacterError
from personae.exports.album import Album
from personae.faces.fake import draw_picture
from personae.ledger import Ledger
from personae.project.forget_intention import begin, read
from personae.project.recognizer import CharacterRecognizer
from personae.recognition.prototypes import unit
from personae.settings import Settings
from personae.types import FloatArray
from tests.cast.test_editing import Home, assert_model_fits_gallery, fewer_strangers, home  # noqa: F401 - fixtures
from tests.drawn_films import drawn_recognizer
from tests.project.test_forgetting import everything, film
from tests.stub import ROWS

ONEILL = "O'Neill & <Sons>"


def mentions(home: Home, name: str) -> bool:  # noqa: F811
    """Whether a short name, which may stand in any digest by chance, is in the project as a name or a folder."""
    return any(form.encode() in everything(home.folder) for form in (f'"{name}"', f"cast/{name}"))


def drawn(folder: Path, thor: str = ONEILL) -> CharacterRecognizer:
    """Two people on drawn photos, in a project; the first has a name that formats write in their own ways."""
    recognizer = drawn_recognizer(folder)
    recognizer.rename_character("Thor", thor)
    return recognizer


def uri(who: str, take: int = 3, size: int = 96) -> str:
    stream = io.BytesIO()
    Image.fromarray(draw_picture([(who, size)], take=take).pixels).save(stream, "JPEG", quality=95)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def test_a_page_with_name_and_face_is_found(tmp_path: Path) -> None:
    recognizer = drawn(tmp_path)
    project = recognizer.project.folder
    (project / "mine.html").write_text(f"<p>O&#x27;Neill &amp; &lt;Sons&gt;<img src='{uri('Thor')}'>")
    (project / "face.html").write_text(f"<img src='{uri('Loki')}'><img src='{uri('Thor')}'>")
    (project / "others.html").write_text(f"<p>McO&#x27;Neill &amp; &lt;Sons&gt;<img src='{uri('Loki')}'>")
    (project / "data.css").write_text(f".a {{ background: url('{uri('Thor')}') }}")
    report = recognizer.forget_character(ONEILL)
    assert report.found == (
        (str(project / "data.css"), "the face"),
        (str(project / "face.html"), "the face"),
        (str(project / "mine.html"), "the name"),
        (str(project / "mine.html"), "the face"),
    )
    searched = dict(report.searched)
    assert searched[str(project / "others.html")] == "name, embeddings, face"


@pytest.mark.parametrize(
    "name", ["film.eaf", "film.fcpxml", "film.graphml", "film.vtt", "film.report.html", "film.otio"]
)
def test_exports_of_earlier_versions_are_found(tmp_path: Path, name: str) -> None:
    from personae.exports.registry import exporter_for
    from tests.timelines import film as timeline_of

    recognizer = drawn(tmp_path)
    path = recognizer.project.folder / name
    path.write_bytes(exporter_for(path).export(timeline_of(found=[(ONEILL, 0, 40), ("Loki", 10, 60)])))
    assert recognizer.forget_character(ONEILL).found == ((str(path), "the name"),)


def test_a_files_own_name_is_found(tmp_path: Path) -> None:
    recognizer = drawn(tmp_path, "Zoë")
    path = recognizer.project.folder / (unicodedata.normalize("NFD", "party_Zoë") + ".txt")
    path.write_text("somebody's own")
    report = recognizer.forget_character("Zoë")
    assert report.found == ((str(path), "the name, as the file's own"),)


def test_folders_by_their_names_and_links_out_of_the_project(tmp_path: Path) -> None:
    recognizer = drawn(tmp_path, "Zoë")
    project = recognizer.project.folder
    (project / "party, Zoë").mkdir()
    (project / "party, Zoë" / "a.txt").write_text("somebody's own")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.json").write_text('["Zoë"]')
    (project / "link").symlink_to(tmp_path / "mine")
    assert recognizer.forget_character("Zoë").found == (
        (str(project / "party, Zoë" / "a.txt"), "the name, as a folder's"),
        (str(project / "link"), "a link to another folder, which was not searched"),
    )
    assert (tmp_path / "mine" / "notes.json").read_text() == '["Zoë"]', "what is not ours is left alone"


def test_the_face_under_a_frame_is_found_where_we_drew_it(home: Home) -> None:  # noqa: F811
    """A frame and a name over a face cost cosine: 0.42 here. Nobody else's picture is taken for it."""
    rng = np.random.default_rng(5)

    def near(row: int, cosine: float) -> FloatArray:
        other = rng.normal(size=ROWS.shape[1])
        other -= ROWS.T @ np.linalg.lstsq(ROWS.T, other, rcond=None)[0]  # nobody's
        near: FloatArray = cosine * ROWS[row] + np.sqrt(1 - cosine**2) * unit(other[None])[0]
        return near

    alike = np.stack([near(6, 0.42), near(0, 0.42), near(6, 0.3), near(6, 0.6)]).astype(np.float32)
    home.analyzer.vectors = np.concatenate([ROWS, alike])
    thor, other, too_far, sure = range(len(ROWS), len(ROWS) + 4)
    project = home.recognizer.project
    for folder in ("drawn", "mine"):
        (project.folder / folder).mkdir()
        for name, row in (("thor", thor), ("other", other), ("far", too_far), ("sure", sure)):
            (project.folder / folder / f"{name}.jpg").write_text(str(row))
    (project.folder / "moved.jpg").write_text(f"{thor}:90")
    digest = sha256((project.folder / "moved.jpg").read_bytes()).hexdigest()
    project.ledger.record(project.folder / "drawn" / "moved.jpg", sha256=digest, kind="annotated photo")
    project.ledger.record(project.folder / "drawn", sha256="", kind="identify")  # as earlier versions did
    report = home.recognizer.forget_character("c1")
    over = "the face, with something drawn over it"
    assert {(path.removeprefix(f"{project.folder}/"), what) for path, what in report.found} == {
        ("drawn/thor.jpg", over), ("moved.jpg", over), ("drawn/sure.jpg", "the face"), ("mine/sure.jpg", "the face"),
    }  # fmt: skip


def test_what_we_wrote_is_known_whatever_it_is_called(home: Home, tmp_path: Path) -> None:  # noqa: F811
    project = home.recognizer.project
    (project.folder / "out").mkdir()

    def write(path: Path, content: str, who: list[str], source: str = "") -> Path:
        path.write_text(content)
        project.ledger.record(
            path, sha256=sha256(content.encode()).hexdigest(), kind="annotated film", who=who, source=source
        )
        return path

    gone = [
        write(project.folder / "out" / "holiday.mp4", "a film with a frame", ["c1", "c2"]),
        write(project.folder / "out" / "of-a-photo.mp4", "of his photo", [], str(home.cast / "c1" / "0.jpg")),
    ]
    moved = write(project.folder / "out" / "a.mkv", "moved and renamed", ["c1"])
    gone.append(moved.rename(project.folder / "b"))
    gone.append(write(tmp_path / "outside.mp4", "a film with a frame, elsewhere", ["c1"]))
    kept = [
        write(project.folder / "out" / "others.mp4", "a film of others", ["c2"]),
        write(tmp_path / "others.mp4", "a film of others, elsewhere", ["c2"]),
        write(tmp_path / "changed.mp4", "before", ["c1"]),
    ]
    kept[-1].write_text("somebody changed it")
    changed = write(project.folder / "out" / "changed.mp4", "before", ["c1"])
    changed.write_text("somebody changed it")
    report = home.recognizer.forget_character("c1")
    assert not any(path.exists() for path in gone) and report.removed["pictures"] == 3
    assert all(path.exists() for path in (*kept, changed)) and report.found == ()
    assert report.removed["written files"] == 1
    assert report.exports == report.burnt_in == (str(tmp_path.resolve() / "changed.mp4"),)
    assert report.export_kinds == {report.exports[0]: "annotated film"}
    assert sorted(entry.who for entry in project.ledger.entries()) == [(), (), ("c2",), ("c2",)]


def test_a_document_on_the_list_is_cleaned_and_not_deleted(home: Home) -> None:  # noqa: F811
    project = home.recognizer.project
    path = project.folder / "who.txt"
    path.write_text(json.dumps({"schema": "personae/identify/1", "faces": [{"character": "c1"}, {"character": "c2"}]}))
    project.ledger.record(path, sha256=sha256(path.read_bytes()).hexdigest(), kind="identify", who=["c1", "c2"])
    assert home.recognizer.forget_character("c1").found == ()
    assert json.loads(path.read_text())["faces"] == [{"character": "c2"}]


def test_an_unnamed_track_with_the_face_loses_its_picture(home: Home) -> None:  # noqa: F811
    folder = film(home)
    path = folder / "film.timeline.json"
    timeline = json.loads(path.read_text())
    for one in timeline["appearances"]:
        one["tracks"] = [one["tracks"][0] + 1]  # as scans number them
    unknown = {
        "id": 3,
        "character": None,
        "unknown": "Unknown 1",
        "tracks": [3],
        "best_picture": {"file": "faces/u.jpg"},
    }
    timeline["appearances"].append(unknown)
    path.write_text(json.dumps(timeline))
    (folder / "faces" / "u.jpg").write_text("11")
    arrays, facts = archive.read(folder / "film.tracks", schema="personae/tracks/1")
    facts["labels"] = [None, {"character": "Loki"}, {"character": None, "unknown": "Unknown 1"}]
    archive.write(folder / "film.tracks", arrays, facts, schema="personae/tracks/1")
    home.recognizer.rename_character("c1", "Thor Odinson")
    home.recognizer.rename_character("c2", "Loki")
    report = home.recognizer.forget_character("Thor Odinson")
    assert report.found == () and [one.name for one in (folder / "faces").iterdir()] == ["loki.jpg"]
    left = json.loads(path.read_text())["appearances"]
    assert [(one["id"], one["best_picture"]) for one in left] == [(2, {"file": "faces/loki.jpg"}), (3, None)]


# Whom


@pytest.mark.parametrize("without_gallery", [False, True])
@pytest.mark.parametrize("where", ["timeline", "report", "list"])
def test_somebody_who_is_in_one_file_only(home: Home, where: str, without_gallery: bool) -> None:  # noqa: F811
    project = home.recognizer.project
    page = project.folder / "page.html"
    if where == "timeline":
        folder = project.films / "a"
        folder.mkdir(parents=True)
        rows = [{"id": 1, "character": ONEILL, "tracks": []}, {"id": 2, "character": "c0", "tracks": []}]
        (folder / "a.timeline.json").write_text(json.dumps({"appearances": rows}))
    elif where == "report":
        page.write_text("<p>O&#39;Neill &amp; &lt;Sons&gt;")
    else:
        project.ledger.record(project.folder.parent / "x" / "film.mp4", sha256="1", kind="annotated film", who=[ONEILL])
    if without_gallery:
        shutil.rmtree(project.cache)
        project.gallery.unlink()
    report = home.recognizer.forget_character(ONEILL)
    assert report.names == (ONEILL,)
    assert report.found == (((str(page), "the name"),) if where == "report" else ())
    assert b"Neill" not in everything(project.folder).replace(b"O&#39;Neill", b"")
    assert len(report.unreached) == (where == "list") and report.exports == ()
    page.unlink(missing_ok=True)
    with pytest.raises(UnknownCharacterError):
        home.recognizer.forget_character(ONEILL)


def test_the_search_goes_on_for_a_name_that_is_no_longer_in_the_gallery(home: Home) -> None:  # noqa: F811
    path = home.folder / "notes.txt"
    path.write_text("c1 was here")
    for _ in range(2):
        assert home.recognizer.forget_character("c1").found == ((str(path), "the name"),)
    path.unlink()
    with pytest.raises(UnknownCharacterError):
        home.recognizer.forget_character("c1")


def test_letters_in_other_forms_and_cases(home: Home) -> None:  # noqa: F811
    home.recognizer.rename_character("c1", "Zoë")
    (home.folder / "zoë.txt").write_text("zoë")
    with pytest.raises(UnknownCharacterError, match="Did you mean Zoë"):
        home.recognizer.forget_character("zoë")
    decomposed = unicodedata.normalize("NFD", "Zoë")
    path = home.folder / "notes.json"
    path.write_text(json.dumps({"source": f"/photos of {decomposed}/x"}, ensure_ascii=False))
    report = home.recognizer.forget_character(decomposed)
    assert report.names[0] == "Zoë" and report.found == ()
    assert json.loads(path.read_text()) == {"source": "/photos of (forgotten)/x"}
    assert sorted(home.state()) == ["c0", "c2"]


def test_no_project_is_made_to_forget_in(tmp_path: Path) -> None:
    with pytest.raises(UnknownCharacterError, match="no project"):
        CharacterRecognizer(tmp_path / "none", settings=Settings()).forget_character("Joey")
    assert not (tmp_path / "none").exists()


# Broken off

MODULES = {
    "forget_in_gallery": "personae.cast.keeper",
    "forget_in_list": "personae.forgetting.ledger_keeper",
    "Search": "personae.project.forgetting",
}


def broken_off(home: Home, name: str, monkeypatch: pytest.MonkeyPatch, *, at: str = "forget_in_list") -> None:  # noqa: F811
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"{MODULES[at]}.{at}", killed)
        with pytest.raises(KeyboardInterrupt):
            home.make().forget_character(name)
    assert home.recognizer.project.is_forgetting


def test_of_two_forgettings_one_was_killed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    broken_off(home, "c1", monkeypatch)
    report = home.make().forget_character("c2")
    assert report.names == ("c2",) and report.found == ()
    assert sorted(home.state()) == ["c0"] and not mentions(home, "c1")
    assert [edit.action for edit in home.recognizer.edits()] == ["forget", "forget"]
    assert_model_fits_gallery(home)


def test_a_recognizer_in_use_no_longer_names_them(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    recognizer = home.make()
    match = recognizer.identify_embeddings(ROWS[7])[0]
    assert match is not None and match.character == "c1"
    broken_off(home, "c1", monkeypatch, at="forget_in_gallery")
    assert recognizer.identify_embeddings(ROWS[7])[0] is None
    assert not recognizer.project.is_forgetting and not recognizer.is_character("c1")


@pytest.mark.parametrize("at", ["forget_in_gallery", "forget_in_list", "Search"])
def test_a_project_that_was_moved_before_the_next_opening(
    home: Home,  # noqa: F811
    at: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    film(home)
    broken_off(home, "c1", monkeypatch, at=at)
    home.folder.rename(tmp_path / "moved")
    analyzer = home.analyzer
    recognizer = CharacterRecognizer(tmp_path / "moved", settings=Settings(), analyzer=analyzer)  # type: ignore[arg-type]
    assert [one["character"] for one in recognizer.card()["characters"]] == ["c0", "c2"]
    assert not home.folder.exists() and not recognizer.project.is_forgetting


def test_the_settings_of_the_model_outlive_the_kill(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    analyzer = home.analyzer
    strict = CharacterRecognizer(home.folder, settings=Settings(far=0.001), analyzer=analyzer)  # type: ignore[arg-type]
    strict.train_folder(home.cast)
    broken_off(home, "c1", monkeypatch, at="forget_in_gallery")
    assert not home.recognizer.model_path.exists()
    assert home.make().card()["operating_point"]["far"] == 0.001


def test_a_model_outside_the_project_and_the_projects_own(home: Home, tmp_path: Path) -> None:  # noqa: F811
    other = CharacterRecognizer(home.folder, analyzer=home.analyzer, model_path=tmp_path / "other.personae")  # type: ignore[arg-type]
    other.train_folder(home.cast)
    report = other.forget_character("c1")
    assert report.found == () and str(tmp_path / "other.personae") in dict(report.searched)
    for one in (home.make(), other):
        assert [row["character"] for row in one.card()["characters"]] == ["c0", "c2"]
    foreign = tmp_path / "mine.txt"
    foreign.write_text("c0")
    with pytest.raises(ForeignFileError):
        CharacterRecognizer(home.folder, analyzer=home.analyzer, model_path=foreign).forget_character("c0")  # type: ignore[arg-type]
    assert foreign.read_text() == "c0" and "c0" in home.state() and not home.recognizer.project.is_forgetting


def test_while_another_process_reads(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """What is read at the moment cannot be overwritten: it is said, and completed later."""
    monkeypatch.setattr("personae.database.BUSY_S", 0.2)
    reader = sqlite3.connect(home.recognizer.project.gallery)
    try:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM photos").fetchone() == (9,)
        with pytest.raises(ProjectBusyError, match="is reading the gallery"):
            home.make().forget_character("c1")
        assert reader.execute("SELECT count(*) FROM photos").fetchone() == (9,), "the reader's own moment"
    finally:
        reader.close()
    assert home.named(7) is None
    assert not mentions(home, "c1") and not home.recognizer.project.is_forgetting


def test_the_note_of_it_is_private_and_goes_in_one_step(home: Home) -> None:  # noqa: F811
    project = home.recognizer.project
    with Gallery.open(project.gallery, embedder=None) as gallery:
        person = person_of(gallery, "c1", [home.recognizer.model_path])
    begin(project, person)
    assert project.forgetting.stat().st_mode & 0o777 == 0o600
    again = read(project)
    assert again is not None and (again.names, again.paths, again.id) == (person.names, person.paths, person.id)
    np.testing.assert_array_equal(again.vectors, person.vectors)
    project.forgetting.write_bytes(bytes(project.forgetting.stat().st_size))  # killed while it was overwritten
    assert read(project) is None and not project.is_forgetting
    project.forgetting.write_bytes(b"damaged by something else")
    with pytest.raises(DamagedFileError, match="forget them again"):
        home.make().identify_embeddings(ROWS[0])


def test_the_command_tells_what_is_elsewhere(tmp_path: Path) -> None:
    recognizer = drawn(tmp_path, "Thor Odinson")
    project = recognizer.project
    outside = tmp_path / "out.html"
    outside.write_text("a page")
    Ledger(project.folder).record(outside, sha256="1", kind="report", who=["Thor Odinson"])
    (project.folder / "settings.toml").write_text('detector = "fake"\nembedder = "fake"\n')
    answer = CliRunner().invoke(cli, ["forget", "Thor Odinson", "--yes", "--project", str(project.folder)])
    assert answer.exit_code == 0, answer.output
    assert f"written elsewhere earlier, not touched: {outside.resolve()} (report)\n" in answer.output


# With the real networks


@pytest.mark.slow
def test_drawn_copies_with_the_real_networks(tmp_path: Path, astronaut: Path, hopper: Path) -> None:
    """A frame over a real face: found in what we drew, at another size too; another person's is not."""
    recognizer = CharacterRecognizer(tmp_path / "project", settings=Settings())
    recognizer.add_photos("Eileen", [astronaut])
    recognizer.add_photos("Grace", [hopper])
    project = recognizer.project.folder
    small = tmp_path / "small.png"
    Image.open(astronaut).convert("RGB").resize((200, 200)).save(small)
    album = Album(project / "drawn")
    copies = {one.name: album.add(recognizer.identify_picture(one)) for one in (astronaut, small, hopper)}
    recognizer.project.ledger.record(project / "drawn", sha256="", kind="identify")
    report = recognizer.forget_character("Eileen")
    assert {Path(path) for path, what in report.found if "the face" in what} == {
        copies["astronaut.png"],
        copies["small.png"],
    }
