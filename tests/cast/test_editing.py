"""Edits of a gallery: what each does, that trainings respect it, that undo takes it back, that the model follows."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from personae import CharacterModel, CharacterRecognizer, Settings
from personae.cast import editing
from personae.cast.edit_log import EditLog
from personae.cast.gallery import EnrolledFace, Gallery, PhotoRecord
from personae.cast.placements import Placement, Placements
from personae.cast.training import fit_enrolment
from personae.errors import CastError, InputError, ModelNotFoundError, PhotoError, UnknownCharacterError
from personae.recognition import model_file
from personae.types import Quality
from tests.people import EMBEDDER, people
from tests.stub import FACES, ROWS, StubAnalyzer, write_cast


class Home:
    """A cast of three with three photos each (row 6c + p), trained into a project."""

    def __init__(self, folder: Path) -> None:
        self.cast = write_cast(folder / "cast")
        self.folder = folder / "project"
        self.analyzer = StubAnalyzer()
        self.recognizer = self.make()
        self.recognizer.train_folder(self.cast)
        self.analyzer.embedded.clear()

    def make(self) -> CharacterRecognizer:
        analyzer: Any = self.analyzer
        return CharacterRecognizer(self.folder, settings=Settings(lock_timeout_s=5), analyzer=analyzer)

    def put(self, name: str, content: str) -> Path:
        path = self.cast.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def state(self) -> dict[str, list[str]]:
        """Character -> its enrolled photos, as the end of their path."""
        found: dict[str, list[str]] = {}
        with Gallery.open(self.folder / "gallery.sqlite", embedder=None) as gallery:
            for photo in gallery.photos():
                if photo.status == "enrolled":
                    path = Path(photo.path)
                    found.setdefault(photo.character, []).append(f"{path.parent.name}/{path.name}")
        return found

    def named(self, row: int) -> str | None:
        match = self.make().identify_embeddings(ROWS[row])[0]
        return None if match is None else match.character


@pytest.fixture(autouse=True)
def fewer_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A threshold from fewer draws: most of the time of fitting a small cast, and of no matter here."""
    monkeypatch.setattr("personae.recognition.calibration.STRANGERS", 2000, raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


START = {f"c{c}": [f"c{c}/{p}.jpg" for p in range(3)] for c in range(3)}


def arrays_of(path: Path) -> dict[str, Any]:
    model, _ = model_file.load(path)
    return {
        "centres": model.prototypes_.centres, "names": model.classes_, "threshold": model.threshold_,
        "mean": model.scaler_.mean_, "scale": model.scaler_.scale_, "negatives": model.negatives_.vectors,
    }  # fmt: skip


def assert_model_fits_gallery(home: Home) -> None:
    """The model on disk is, bit for bit, the one that the gallery gives."""
    with Gallery.open(home.folder / "gallery.sqlite", embedder=None) as gallery:
        model, _ = fit_enrolment(gallery.enrolled(), Settings(), gallery.embedder, EditLog(gallery).negatives())
    loaded = arrays_of(home.recognizer.model_path)
    np.testing.assert_array_equal(loaded["centres"], model.prototypes_.centres.astype(np.float32))
    np.testing.assert_array_equal(loaded["names"], model.classes_)
    np.testing.assert_array_equal(loaded["negatives"], model.negatives_.vectors)
    assert loaded["threshold"] == model.threshold_ and not home.recognizer.is_outdated()


# Each edit: (do it, the state it leads to)

EDITS: dict[str, tuple[Callable[[Home], Any], dict[str, list[str]]]] = {
    "remove a character": (lambda home: home.recognizer.remove_character("c1"), {k: START[k] for k in ("c0", "c2")}),
    "remove a photo": (
        lambda home: home.recognizer.remove_photos([home.cast / "c1" / "0.jpg"]),
        START | {"c1": START["c1"][1:]},
    ),
    "rename": (
        lambda home: home.recognizer.rename_character("c1", "Thor"),
        {"c0": START["c0"], "c2": START["c2"], "Thor": START["c1"]},
    ),
    "merge": (
        lambda home: home.recognizer.merge_characters("c0", "c1"),
        {"c0": START["c0"] + START["c1"], "c2": START["c2"]},
    ),
    "merge into a new name": (
        lambda home: home.recognizer.merge_characters("c0", "c1", into="Both"),
        {"Both": START["c0"] + START["c1"], "c2": START["c2"]},
    ),
    "split": (
        lambda home: home.recognizer.split_character("c1", ["c1/0.jpg", "c1/2.jpg"], into="Loki"),
        START | {"c1": ["c1/1.jpg"], "Loki": ["c1/0.jpg", "c1/2.jpg"]},
    ),
    "split into a known one": (
        lambda home: home.recognizer.split_character("c1", [home.cast / "c1" / "0.jpg"], into="c2"),
        START | {"c1": START["c1"][1:], "c2": ["c1/0.jpg", *START["c2"]]},
    ),
    "reject an enrolled photo": (
        lambda home: home.recognizer.reject_photo(home.cast / "c1" / "0.jpg", "c1"),
        START | {"c1": START["c1"][1:]},
    ),
    "add": (
        lambda home: home.recognizer.add_photos("c3", [home.put("more/a.jpg", "18"), home.put("more/b.jpg", "19")]),
        START | {"c3": ["more/a.jpg", "more/b.jpg"]},
    ),
    "add to a known one": (
        lambda home: home.recognizer.add_photos("c0", [home.put("more/a.jpg", "4")]),
        START | {"c0": [*START["c0"], "more/a.jpg"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_changes_gallery_and_model_and_survives_training(home: Home, name: str) -> None:
    edit, expected = EDITS[name]
    before = arrays_of(home.recognizer.model_path)
    report = edit(home)
    embedded = len(home.analyzer.embedded)
    assert embedded == sum(change.before is None for change in report.changes)  # only what was added
    assert home.state() == expected and report.characters == {k: len(v) for k, v in expected.items()}
    assert_model_fits_gallery(home)
    home.recognizer.train_folder(home.cast)
    assert home.state() == expected and len(home.analyzer.embedded) == embedded
    home.make().train_folder(home.cast, fresh=True)
    assert home.state() == expected, "what a person decided holds, what was added included"
    home.recognizer.undo()
    home.recognizer.train_folder(home.cast)  # --fresh did not look at what was taken out
    assert home.state() == START
    assert_model_fits_gallery(home)
    after = arrays_of(home.recognizer.model_path)
    for key, value in before.items():
        np.testing.assert_array_equal(after[key], value, err_msg=key)


@pytest.mark.parametrize("name", EDITS)
def test_undo_takes_back_without_a_training_between(home: Home, name: str) -> None:
    before = arrays_of(home.recognizer.model_path)
    EDITS[name][0](home)
    embedded = len(home.analyzer.embedded)
    report = home.recognizer.undo()
    assert home.state() == START and len(home.analyzer.embedded) == embedded and not report.notes
    for key, value in before.items():
        np.testing.assert_array_equal(arrays_of(home.recognizer.model_path)[key], value, err_msg=key)
    with pytest.raises(InputError, match="no edit to undo"):
        home.recognizer.undo()


def test_several_edits_are_undone_one_by_one_or_together(home: Home) -> None:
    home.recognizer.rename_character("c0", "Thor")
    home.recognizer.merge_characters("Thor", "c1")
    home.recognizer.split_character("Thor", ["c1/2.jpg"], into="c1")
    home.recognizer.train_folder(home.cast)
    assert home.state() == {"Thor": [*START["c0"], "c1/0.jpg", "c1/1.jpg"], "c1": ["c1/2.jpg"], "c2": START["c2"]}
    home.recognizer.undo()
    assert sorted(home.state()) == ["Thor", "c2"]
    report = home.recognizer.undo(steps=2)
    assert home.state() == START and [edit.action for edit in report.edits] == ["merge", "rename"]
    log = home.recognizer.edits()
    assert [edit.action for edit in log] == ["rename", "merge", "split", "undo", "undo", "undo"]
    assert [edit.undone_by for edit in log[:3]] == [6, 5, 4]
    assert log[0].detail["photos"][0] == [str(home.cast.resolve() / "c0" / "0.jpg"), "c0", "Thor"]


def test_what_left_the_folder_cannot_come_back_and_undo_says_so(home: Home) -> None:
    home.recognizer.remove_character("c1")
    (home.cast / "c1" / "0.jpg").unlink()
    home.recognizer.train_folder(home.cast)
    report = home.recognizer.undo()
    assert home.state() == START | {"c1": START["c1"][1:]}
    assert "1 photo of edit 1 could not be brought back" in report.notes[0] and "0.jpg" in report.notes[0]


def test_a_removed_photo_stays_out_when_folder_and_character_are_renamed(home: Home) -> None:
    home.recognizer.remove_photos([home.cast / "c1" / "0.jpg"])
    home.recognizer.rename_character("c1", "Thor")
    (home.cast / "c1").rename(home.cast / "Thor")
    home.recognizer.train_folder(home.cast)
    assert home.state()["Thor"] == ["Thor/1.jpg", "Thor/2.jpg"] and "c1" not in home.state()
    assert not home.analyzer.embedded


def test_a_copy_of_a_removed_photo_does_not_come_back(home: Home) -> None:
    home.put("cast/c1/copy.jpg", "6 ")  # another file that shows the same face
    home.recognizer.train_folder(home.cast)
    assert "c1/copy.jpg" not in home.state()["c1"]
    home.recognizer.remove_photos([home.cast / "c1" / "0.jpg"])
    home.recognizer.train_folder(home.cast)
    assert home.state()["c1"] == START["c1"][1:]
    home.recognizer.undo()
    home.recognizer.train_folder(home.cast)
    assert home.state()["c1"] == START["c1"]


def test_new_photos_of_a_renamed_folder_are_the_new_characters_and_training_says_so(home: Home) -> None:
    home.recognizer.rename_character("c1", "Thor")
    home.put("cast/c1/new.jpg", "9")
    report = home.recognizer.train_folder(home.cast)
    assert home.state()["Thor"] == ["c1/0.jpg", "c1/1.jpg", "c1/2.jpg", "c1/new.jpg"]
    assert any("4 photos of c1 are enrolled as Thor" in note for note in report.notes)


def test_two_names_can_be_swapped(home: Home) -> None:
    for old, new in (("c0", "x"), ("c1", "c0"), ("x", "c1")):
        home.recognizer.rename_character(old, new)
    home.recognizer.train_folder(home.cast)
    assert home.state() == START | {"c0": START["c1"], "c1": START["c0"]}
    assert (home.named(5), home.named(11)) == ("c1", "c0")


def test_a_removed_character_may_be_added_again(home: Home) -> None:
    home.recognizer.remove_character("c1")
    home.recognizer.add_photos("c1", [home.cast / "c1" / "1.jpg"])
    assert home.state()["c1"] == ["c1/1.jpg"] and not home.analyzer.embedded
    home.put("cast/c1/new.jpg", "9")
    home.recognizer.train_folder(home.cast)
    assert home.state()["c1"] == ["c1/1.jpg", "c1/new.jpg"]


def test_adding_one_at_a_time_ends_where_training_on_all_ends(tmp_path: Path) -> None:
    together = Home(tmp_path / "a")
    apart: Any = StubAnalyzer()
    recognizer = CharacterRecognizer(tmp_path / "b", settings=Settings(), analyzer=apart)
    photos = [(f"c{c}", together.cast / f"c{c}" / f"{p}.jpg") for c in range(3) for p in range(3)]
    random.Random(3).shuffle(photos)
    for name, path in photos:
        recognizer.add_photos(name, [path])
    one, other = arrays_of(together.recognizer.model_path), arrays_of(recognizer.model_path)
    for key, value in one.items():
        np.testing.assert_array_equal(other[key], value, err_msg=key)  # tolerance: none


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.exhaustive)])
def test_many_updates_do_not_drift(count: int, tmp_path: Path) -> None:
    d, rng = 16, random.Random(1)
    vectors = np.random.default_rng(1).normal(size=(6, d)).astype(np.float32)
    one = np.full(1, 80, np.float32)
    with Gallery.open(tmp_path / "gallery.sqlite", embedder="x:d16:p1:0") as gallery, gallery.transaction():
        for i, vector in enumerate(vectors):
            face = EnrolledFace(
                np.zeros(4, np.float32),
                np.zeros((5, 2), np.float32),
                0.9,
                Quality(one, one, one, one, one, ((),)),
                vector,
            )
            record = PhotoRecord(f"c{i % 3}", f"/cast/{i}.jpg", origin="/cast", sha256=f"{i:02}")
            gallery.put_photo(record.enrolled(faces_found=1), face)
        start, revision = gallery.enrolled(), gallery.digest
        depth = updates = 0
        kinds: dict[str, int] = {}
        while updates < count:
            names = sorted({photo.character for photo in gallery.photos()})
            kind = rng.choice(["rename", "merge", "split", "remove", "undo"] if depth < 6 else ["undo"])
            if kind == "undo" and not depth:
                continue
            try:
                if kind == "undo":
                    editing.undo(gallery)
                elif kind == "rename":
                    editing.rename(gallery, rng.choice(names), f"n{rng.randrange(5)}")
                elif kind == "merge":
                    editing.merge(gallery, rng.sample(names, 2))
                else:
                    name = rng.choice(names)
                    paths = [rng.choice(gallery.photos(name)).path]
                    if kind == "split":
                        editing.split(gallery, name, paths, f"n{rng.randrange(5)}")
                    else:
                        editing.remove_photos(gallery, paths)
            except (InputError, ValueError):
                continue  # there was nothing of the kind to do; nothing has changed
            depth += -1 if kind == "undo" else 1
            updates += 1
            kinds[kind] = kinds.get(kind, 0) + 1
            if updates % 20 == 0:  # the log is not what is tested
                gallery._database.write("DELETE FROM edits WHERE undone_by IS NOT NULL OR action = 'undo'")
        if depth:
            editing.undo(gallery, depth)
        assert min(kinds.values()) > 0.03 * count
        assert gallery.digest == revision
        np.testing.assert_array_equal(gallery.enrolled().embeddings, start.embeddings)
    model = CharacterModel().fit(start.embeddings, start.characters)
    again = CharacterModel().fit(start.embeddings, start.characters)
    other = np.random.default_rng(2).normal(size=(3, d))
    for _ in range(10):
        again.add_character("zz", other).remove_character("zz")
    np.testing.assert_array_equal(model.prototypes_.centres, again.prototypes_.centres)
    assert model.threshold_ == again.threshold_


# reject


def test_a_rejected_stranger_and_faces_like_it_lose_the_name(tmp_path: Path) -> None:
    vectors = people(1, 4, seed=5).reshape(-1, 128)
    stranger = people(1, 3, seed=6).reshape(-1, 128)
    lookalike = (0.72 * stranger + 0.7 * vectors[0]).astype(np.float32)
    lookalike /= np.linalg.norm(lookalike, axis=1, keepdims=True)
    home = Home.__new__(Home)
    home.analyzer = StubAnalyzer(np.concatenate([vectors, lookalike]))
    home.folder, home.cast = tmp_path / "project", tmp_path / "cast"
    home.recognizer = home.make()
    home.recognizer.add_photos("Ada", [home.put(f"cast/Ada/{i}.jpg", str(i)) for i in range(3)])
    party, again = home.put("party.jpg", "4"), home.put("again.jpg", "5")

    def named(path: Path) -> str | None:
        match = home.make().identify_picture(path).identities[0].match
        return None if match is None else match.character

    assert named(party) == named(again) == "Ada"
    report = home.recognizer.reject_photo(party, "Ada")
    assert report.edits[0].detail["photo"] == str(party)
    assert named(party) is None and named(again) is None
    assert named(home.put("own.jpg", "3")) == "Ada"  # a new photo of her own
    home.recognizer.model_path.unlink()
    home.recognizer = home.make()
    assert named(party) is None, "the fallback respects it too"
    home.recognizer.undo()
    assert named(party) == "Ada"
    assert_model_fits_gallery(home)


def test_a_rejection_follows_a_renamed_character(home: Home) -> None:
    home.recognizer.reject_photo(home.put("x.jpg", "9"), "c1")
    home.recognizer.rename_character("c1", "Thor")
    assert model_file.load(home.recognizer.model_path)[0].negatives_.names == ("Thor",)
    home.recognizer.remove_character("Thor")
    assert model_file.load(home.recognizer.model_path)[0].negatives_.names == ()


def test_of_several_faces_the_one_with_the_name_or_the_given_one_is_rejected(home: Home) -> None:
    both = home.put("both.jpg", "4 11")  # c0 and c1, from the left
    home.recognizer.reject_photo(both, "c1")
    with Gallery.open(home.folder / "gallery.sqlite", embedder=None) as gallery:
        (negative,) = EditLog(gallery).negatives()
    np.testing.assert_allclose(negative.embedding, ROWS[11], atol=1e-6)
    strangers = home.put("strangers.jpg", "18 20")
    with pytest.raises(InputError, match=r"from the left: 1 unknown, 2 unknown.*--face"):
        home.recognizer.reject_photo(strangers, "c1")
    home.recognizer.reject_photo(strangers, "c1", face=2)
    with pytest.raises(InputError, match="has 2 faces"):
        home.recognizer.reject_photo(strangers, "c1", face=3)
    with pytest.raises(InputError, match="no face"):
        home.recognizer.reject_photo(home.put("meadow.jpg", ""), "c1")


# What goes wrong


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda r, h: r.remove_character("C1"), UnknownCharacterError, "Did you mean c1"),
        (lambda r, h: r.rename_character("nobody", "x"), UnknownCharacterError, "The cast: c0, c1, c2"),
        (lambda r, h: r.rename_character("c0", "c1"), InputError, "personae merge 'c0' 'c1'"),
        (lambda r, h: r.rename_character("c0", " "), InputError, "no name"),
        (lambda r, h: r.rename_character("c0", "c0"), InputError, "called that already"),
        (lambda r, h: r.merge_characters("c0", "c0"), InputError, "needs two"),
        (lambda r, h: r.merge_characters("c0", "c1", into="c2"), InputError, "already"),
        (lambda r, h: r.split_character("c0", ["c0/9.jpg"], into="x"), InputError, "no photo of c0"),
        (lambda r, h: r.split_character("c0", ["0.jpg", "1.jpg", "2.jpg"], into="x"), CastError, "every photo of c0"),
        (lambda r, h: r.split_character("c0", ["0.jpg"], into="c0"), InputError, "another name"),
        (lambda r, h: r.remove_photos(["0.jpg"]), InputError, "could be"),
        (lambda r, h: r.remove_photos(["c0/00.jpg"]), InputError, "Did you mean"),
        (lambda r, h: r.add_photos("c0", [h.cast / "missing.jpg"]), PhotoError, "Check the path"),
        (lambda r, h: r.add_photos("c3", [h.put("e.jpg", "")]), CastError, "NO_FACE"),
        (lambda r, h: r.add_photos("c0", [h.cast / "c1" / "0.jpg"]), CastError, "personae split 'c1'"),
        (lambda r, h: r.reject_photo(h.cast / "missing.jpg", "c0"), PhotoError, "Check the path"),
        (lambda r, h: r.undo(), InputError, "no edit to undo"),
    ],
)  # fmt: skip
def test_a_mistake_is_explained_and_changes_nothing(
    home: Home, call: Callable[[CharacterRecognizer, Home], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call(home.recognizer, home)
    assert home.state() == START and home.recognizer.edits() == []


def test_edits_of_nothing_say_to_train_first(tmp_path: Path) -> None:
    recognizer = CharacterRecognizer(tmp_path / "project", settings=Settings())
    with pytest.raises(ModelNotFoundError, match="Train first"):
        recognizer.rename_character("a", "b")
    assert recognizer.edits() == [] and not recognizer.project.gallery.exists()


def test_removing_the_last_character_removes_the_model(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for name in ("c0", "c1", "c2"):
        report = home.recognizer.remove_character(name)
    assert report.model_path is None and not home.recognizer.model_path.exists()
    home.recognizer.undo()
    assert home.named(13) == "c2"


def test_training_on_photos_that_were_all_taken_out_says_so(home: Home) -> None:
    for name in ("c0", "c1", "c2"):
        home.recognizer.remove_character(name)
    with pytest.raises(CastError, match="3 photos of c2 are left out, as you decided"):
        home.recognizer.train_folder(home.cast)


def test_adding_what_is_there_changes_nothing(home: Home) -> None:
    report = home.recognizer.add_photos("c0", [home.cast / "c0"])
    assert not report.edits and not report.changes and not home.analyzer.embedded
    assert home.recognizer.edits() == []


def test_a_name_in_other_capitals_is_the_one_that_is_known(home: Home) -> None:
    home.recognizer.add_photos("C0", [home.put("more/a.jpg", "4")])
    assert {*home.state()} == {"c0", "c1", "c2"}


# Placements: what is replayed


def test_placements_are_replayed_in_order() -> None:
    placements = Placements(
        [
            Placement(1, "a", None, "b"),
            Placement(2, "b", "1", None),
            Placement(3, "b", None, "c"),
            Placement(4, "c", "2", "d"),
            Placement(5, "d", "2", "d"),
        ]
    )
    assert placements.place("a", "0").character == "c" and placements.place("z", "1").character == "z"
    assert placements.place("a", "1").withdrawn_by == 2
    assert placements.place("a", "2").character == "d"
    assert placements.character_of("a", after=1) == "a" and placements.character_of("b") == "c"
    assert placements.place("c", "1").withdrawn_by == 2, "a folder renamed as the character was"


# Killed


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_killed_edits_are_whole(tmp_path: Path) -> None:
    home = Home(tmp_path)
    code = (
        "import sys; from pathlib import Path; from tests.stub import StubAnalyzer; from personae import *\n"
        "r = CharacterRecognizer(Path(sys.argv[1]), settings=Settings(), analyzer=StubAnalyzer())\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    r.merge_characters('c0', 'c1', into='x'); r.remove_character('c2'); r.undo(2)\n"
    )
    merged = {"x": START["c0"] + START["c1"]}
    rng = random.Random(2)
    for _ in range(4):
        command = [sys.executable, "-c", code, str(home.folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            killer = threading.Timer(rng.uniform(0, 0.6), process.kill)
            killer.start()
            process.wait()
            killer.join()
        assert process.returncode == -9
        assert home.state() in (START, merged | {"c2": START["c2"]}, merged)
        holding = sum(edit.undoable for edit in home.recognizer.edits())
        if holding:
            home.recognizer.undo(holding)
        assert home.state() == START
    home.recognizer.train_folder(home.cast)
    assert_model_fits_gallery(home)


def test_faces_are_named_after_edits(home: Home) -> None:
    home.recognizer.rename_character("c1", "Thor")
    match = home.recognizer.identify_embeddings(FACES[1, 4])[0]
    assert match is not None and match.character == "Thor" and EMBEDDER in str(home.recognizer.card()["embedder"])


def test_an_edit_keeps_what_the_model_was_trained_with(home: Home) -> None:
    """Nobody who renames a character asks for another false-accept rate or another head."""
    analyzer: Any = home.analyzer

    def card_after(edit: str, **settings: Any) -> dict[str, Any]:
        recognizer = CharacterRecognizer(home.folder, settings=Settings(**settings), analyzer=analyzer)
        if edit == "train":
            recognizer.train_folder(home.cast)
        elif edit == "forget":
            recognizer.forget_character("c1")
        else:
            recognizer.rename_character("c0" if edit == "rename" else "Thor", "Thor" if edit == "rename" else "c0")
        return recognizer.card()

    trained = card_after("train", far=0.05, head="knn", max_clusters=2, strangers=0.8)
    for edit in ("rename", "rename back", "forget"):
        card = card_after(edit)
        assert card["operating_point"]["far"] == 0.05 and card["head"]["asked"] == "knn", edit
        assert card["parameters"] == trained["parameters"], edit
    assert card_after("rename", far=0.02)["operating_point"]["far"] == 0.02
    assert card_after("train")["operating_point"]["far"] == 0.01
