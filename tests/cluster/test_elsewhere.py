"""A film that others look through: the timeline of one machine, whatever they send and whenever the work is ended."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import av
import pytest

from personae.cluster.elsewhere import Elsewhere
from personae.cluster.engine import PieceFailedError
from personae.cluster.piece import Piece
from personae.errors import FilmError
from personae.media.video import Film, open_film
from personae.progress import Cancelled
from personae.project.recognizer import CharacterRecognizer
from personae.timeline import chunk_pass
from personae.timeline.part import Part
from tests.cluster import films
from tests.cluster.engine import OWN, Change, HereEngine
from tests.drawn_films import drawn_recognizer
from tests.scanning import scan_film

FRAMES = 400
PIECE_S = 5.5


@pytest.fixture(autouse=True)
def _short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk_pass, "CHUNK_S", 4.0)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return films.film(tmp_path_factory.mktemp("film") / "a.mp4", FRAMES, rate=25)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    drawn_recognizer(folder)
    return folder / "project"


def copy_of(trained: Path, folder: Path) -> CharacterRecognizer:
    """A project of its own with the same model: nothing that another has looked through lies in it."""
    return CharacterRecognizer(shutil.copytree(trained, folder / "project"), settings=OWN)


@pytest.fixture
def recognizer(trained: Path, tmp_path: Path) -> CharacterRecognizer:
    return copy_of(trained, tmp_path)


@pytest.fixture(scope="module")
def alone(film: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The film's timeline by one machine."""
    folder = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunk_pass, "CHUNK_S", 4.0)
        return timeline_of(film, copy_of(trained, folder), folder / "out")


def timeline_of(film: Path, recognizer: CharacterRecognizer, out: Path) -> str:
    return scan_film(film, recognizer, out).files.timeline.read_text()


def by_others(recognizer: CharacterRecognizer, engine: HereEngine) -> Elsewhere:
    found = Elsewhere(engine, {}, piece_s=PIECE_S)
    recognizer.context.watch = found.watch
    return found


def test_the_comparison_of_timelines_can_fail(film: Path, alone: str, trained: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunk_pass, "CHUNK_S", 4.0)
        patch.setattr("personae.timeline.watching._joined", lambda before, after, *_: [*before, *after])
        assert timeline_of(film, copy_of(trained, tmp_path), tmp_path / "out") != alone


def test_a_film_in_pieces_has_the_timeline_of_one_machine(
    film: Path, alone: str, recognizer: CharacterRecognizer, tmp_path: Path
) -> None:
    engine = HereEngine()
    by_others(recognizer, engine)
    assert timeline_of(film, recognizer, tmp_path / "out") == alone
    assert len(engine.asked) == 3 and engine.done == engine.asked, "each was asked for once and then left"
    assert '"Thor"' in alone and '"Loki"' in alone


def test_pieces_that_arrive_out_of_order_are_laid_in_order(
    film: Path, alone: str, recognizer: CharacterRecognizer, tmp_path: Path
) -> None:
    by_others(recognizer, HereEngine(last_first=3))
    assert timeline_of(film, recognizer, tmp_path / "out") == alone


def test_what_was_cancelled_goes_on_from_the_pieces_that_came(
    film: Path, alone: str, recognizer: CharacterRecognizer, tmp_path: Path
) -> None:
    def stop_at_second(piece: Piece, content: bytes) -> bytes:
        if piece == engine.asked[1]:
            asking.over.set()
        elif piece == engine.asked[2]:
            time.sleep(0.6)
        return content

    engine = HereEngine(stop_at_second)
    asking = by_others(recognizer, engine)
    with pytest.raises(Cancelled):
        timeline_of(film, recognizer, tmp_path / "out")
    again = HereEngine()
    by_others(recognizer, again)
    assert timeline_of(film, recognizer, tmp_path / "out") == alone
    assert again.asked[0].part.start_pts is not None, "the first chunks are not looked through again"
    assert len(again.asked) == 1


def test_a_failed_piece_leaves_the_others_work_and_says_where(
    film: Path, alone: str, recognizer: CharacterRecognizer, tmp_path: Path
) -> None:
    def fail_last(piece: Piece, content: bytes) -> bytes:
        if piece.part.stop_pts is None:
            raise PieceFailedError("it ended 3 workers", "the third")
        return content

    by_others(recognizer, HereEngine(fail_last))
    with pytest.raises(FilmError, match=r"a\.mp4: it ended 3 workers \(on the third\)"):
        timeline_of(film, recognizer, tmp_path / "out")
    again = HereEngine()
    by_others(recognizer, again)
    assert timeline_of(film, recognizer, tmp_path / "out") == alone
    assert len(again.asked) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda _, content: content[: len(content) // 2],
        lambda _, content: b"",
        lambda _, content: content + b"\0" * 70_000,
    ],
    ids=["cut short", "empty", "followed by more"],
)
def test_a_damaged_result_is_refused_with_a_sentence(
    film: Path, recognizer: CharacterRecognizer, tmp_path: Path, change: Change
) -> None:
    by_others(recognizer, HereEngine(change))
    with pytest.raises(FilmError, match=r"what a machine sent of this film cannot be right"):
        timeline_of(film, recognizer, tmp_path / "out")


@pytest.mark.parametrize("is_said_to_be_whole", [False, True])
def test_a_film_that_lost_packets_ends_as_on_one_machine(
    trained: Path, recognizer: CharacterRecognizer, tmp_path: Path, is_said_to_be_whole: bool
) -> None:
    whole = films.film(tmp_path / "whole.mp4", FRAMES, rate=25, b_frames=0)
    damaged = without_packets(whole, tmp_path / "damaged.mp4", range(190, 222))
    expected = timeline_of(damaged, copy_of(trained, tmp_path / "alone"), tmp_path / "alone" / "out")
    engine = HereEngine()
    by_others(recognizer, engine)
    with pytest.MonkeyPatch.context() as patch:
        if is_said_to_be_whole:  # parts end where no picture is, and do not meet
            with open_film(whole) as film:
                times = film.picture_times()
            patch.setattr(Film, "picture_times", lambda _: times)
        assert timeline_of(damaged, recognizer, tmp_path / "out") == expected
    assert len(engine.asked) == (3 + 1 if is_said_to_be_whole else 1)


def test_a_film_whose_packets_promise_what_cannot_be_decoded_ends_as_on_one_machine(
    trained: Path, recognizer: CharacterRecognizer, tmp_path: Path
) -> None:
    path = films.film(tmp_path / "a.mp4", FRAMES, rate=25)
    damaged = tmp_path / "damaged.mp4"
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        spots = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.pos is not None]
    for pos, size in spots[195:230]:  # over the seam at 8 s
        content[pos + 8 : pos + size] = bytes(size - 8)
    damaged.write_bytes(content)
    expected = timeline_of(damaged, copy_of(trained, tmp_path / "alone"), tmp_path / "alone" / "out")
    engine = HereEngine()
    by_others(recognizer, engine)
    assert timeline_of(damaged, recognizer, tmp_path / "out") == expected
    assert len(engine.asked) > 1


def without_packets(path: Path, out: Path, lost: range) -> Path:
    with av.open(str(path)) as container, av.open(str(out), "w") as writer:
        stream = writer.add_stream_from_template(container.streams.video[0])
        for number, packet in enumerate(container.demux(video=0)):
            if packet.size and number not in lost:
                packet.stream = stream
                writer.mux(packet)
    return out


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return films.film(tmp_path / "tiny.mp4", 30, rate=25)


def test_a_short_film_is_one_piece_and_one_that_was_scanned_is_not_asked_for(
    tiny: Path, recognizer: CharacterRecognizer, tmp_path: Path
) -> None:
    engine = HereEngine()
    by_others(recognizer, engine)
    timeline_of(tiny, recognizer, tmp_path / "out")
    timeline_of(tiny, recognizer, tmp_path / "out")
    assert [one.part for one in engine.asked] == [Part()]
    with open_film(tiny) as film:
        assert film.video.duration_s < PIECE_S


@pytest.mark.parametrize("tells", [False, True])
def test_pictures_that_others_looked_at_are_counted_once(
    film: Path, recognizer: CharacterRecognizer, tmp_path: Path, tells: bool
) -> None:
    asking = by_others(recognizer, TellingEngine() if tells else HereEngine())
    timeline_of(film, recognizer, tmp_path / "out")
    assert asking.pictures == pytest.approx(FRAMES)


class TellingEngine(HereEngine):
    """Says on the way how far it is: up to the piece's end, then not so far."""

    def submit(self, piece: Piece, tell: Callable[[dict[str, Any]], None]) -> Future[bytes]:
        future = super().submit(piece, tell)
        stop = 16.0 if piece.part.stop_pts is None else piece.part.stop_pts / 12800
        tell({"done": stop})
        tell({"done": stop - 1})
        return future
