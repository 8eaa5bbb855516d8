"""Workers that only sleep: everything of `personae worker` but the process that looks. See `coordinator`.

    python -m benchmarks.cluster.sleepers DATABASE RESULT [--workers 100] [--look-s 5] [--beat-s 2]

Each has its own connections, its own heart and its own thread, as on machines of their own; what it sends is RESULT, a
result that was found once, with the number of the piece that it is for.
"""

from __future__ import annotations

import argparse
import io
import json
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from personae.cluster.piece import Piece
from personae.cluster.result import FACTS
from personae.cluster.table import PieceTable
from personae.cluster.worker import PieceWorker


class Ready:
    """A result as a machine sends it."""

    def __init__(self, content: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            self.facts = json.loads(file.read(FACTS))
            self.others = [(one.filename, file.read(one)) for one in file.infolist() if one.filename != FACTS]

    def content(self, piece: Piece) -> bytes:
        """For one piece."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
            file.writestr(FACTS, json.dumps({**self.facts, "piece": piece.id}))
            for name, content in self.others:
                file.writestr(name, content)
        return out.getvalue()


class SleepingChild:
    """In place of `child.Child`: sleeps, says how far it is, and has the result ready."""

    def __init__(self, ready: Ready, look_s: float, beat_s: float) -> None:
        self._ready = ready
        self._look_s = look_s
        self._beat_s = beat_s
        self.count = 0

    def start(self) -> None:
        """As `Child.start`."""

    def look_at(
        self, piece: Piece, out: Path, tell: Callable[[dict[str, Any]], None], is_over: Callable[[], bool]
    ) -> bool:
        """As `Child.look_at`."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < self._look_s:
            tell({"done": int(passed), "total": int(self._look_s), "message": ""})
            time.sleep(min(self._beat_s, self._look_s - passed))
            if is_over():
                return False
        out.write_bytes(self._ready.content(piece))
        self.count += 1
        return True

    def end(self) -> None:
        """As `Child.end`."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("result", type=Path)
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--look-s", type=float, default=5.0)
    parser.add_argument("--beat-s", type=float, default=2.0)
    given = parser.parse_args()
    ready, workers = Ready(given.result.read_bytes()), list[PieceWorker]()
    said = dict[str, int]()

    def say(line: str) -> None:
        if not line.endswith("is done.") and not line.startswith("Looking"):
            said[line[:120]] = said.get(line[:120], 0) + 1

    for number in range(given.workers):
        worker = PieceWorker(PieceTable.at(given.database), {}, {}, name=f"sleeper-{number}", say=say)
        worker.child = SleepingChild(ready, given.look_s, given.beat_s)  # type: ignore[assignment]
        workers.append(worker)

    def stop(*_: object) -> None:
        for worker in workers:
            worker.stop.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    threads = [threading.Thread(target=worker.run, daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    for thread in threads:
        thread.join(None)
    done = sum(worker.child.count for worker in workers)  # type: ignore[attr-defined]
    print(json.dumps({"sent": done, "said": said}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
