"""Killed at any moment: every file opens afterwards, and no enrolled face is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from personae.cast.gallery import Gallery
from personae.errors import ModelNotFoundError
from personae.paths import MODEL_FILE
from personae.recognition import model_file
from personae.recognition.model import CharacterModel

ROUNDS = max(10, int(os.environ.get("PERSONAE_KILLS", "10")) // 2)
"""`make check-all` takes 30."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
def test_kills_lose_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    root = Path(__file__).parents[2]
    gallery_path = tmp_path / "project" / "gallery.sqlite"
    model_path = tmp_path / "project" / "cache" / MODEL_FILE
    committed: set[tuple[str, str]] = set()
    trained = 0
    for round_number in range(ROUNDS):
        command = [sys.executable, "-m", "tests.kill_target", str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=root) as process:
            assert process.stdout is not None and process.stderr is not None
            assert process.stdout.readline() == "ready\n"
            # However slow the machine is: in every fifth round one training ends before the clock starts.
            lines = [process.stdout.readline().strip()] if round_number % 5 == 4 else []
            killer = threading.Timer(float(rng.uniform(0, 0.8)), process.kill)
            killer.start()
            lines += process.stdout.read().split()
            problem = process.stderr.read()
            killer.join()
        assert process.returncode == -9, problem
        trained += len(lines)
        if not gallery_path.exists():
            continue
        with Gallery.open(gallery_path, embedder=None) as gallery:
            known = {(photo.character, photo.path) for photo in gallery.photos()}
            enrolment = gallery.enrolled()
        assert committed <= known, "an enrolled face was lost"
        if lines:
            # What a finished training reported is there.
            assert len(known) >= int(lines[-1])
        committed = known
        assert len(enrolment) > 0 or not known
        try:
            model, card = model_file.load(model_path)
        except ModelNotFoundError:
            assert not trained
            continue
        assert isinstance(model, CharacterModel) and card["metrics"]["n_characters"] == 4
        left = {path.name for path in model_path.parent.iterdir() if not path.name.startswith(".")}
        fresh = {f"gallery-fresh.sqlite{suffix}" for suffix in ("", "-wal", "-shm", "-journal")}
        assert left <= {MODEL_FILE, "face_recognition_model_metadata.json", *fresh}
    assert trained >= ROUNDS // 5 and len(committed) >= 100
