"""Trains for ever, some photos more each time and every third time --fresh: what `test_kill` kills.

Prints after each training how many photos are enrolled for good.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from personae import CharacterRecognizer, Settings
from tests.stub import ROWS, StubAnalyzer


def main() -> None:
    folder = Path(sys.argv[1])
    cast = folder / "cast"
    analyzer: Any = StubAnalyzer(ROWS)
    recognizer = CharacterRecognizer(folder / "project", settings=Settings(lock_timeout_s=5), analyzer=analyzer)
    number = len(list(cast.rglob("*.jpg")))
    recognizer.analyzer  # noqa: B018 - everything is imported before the clock starts
    print("ready", flush=True)
    while True:
        for _ in range(40):
            photo = cast / f"c{number % 4}" / f"{number}.jpg"
            photo.parent.mkdir(parents=True, exist_ok=True)
            photo.write_text(str(6 * (number % 4) + number // 4 % 6))
            number += 1
        recognizer.train_folder(cast, fresh=number % 3 == 0)
        print(number, flush=True)


if __name__ == "__main__":
    main()
