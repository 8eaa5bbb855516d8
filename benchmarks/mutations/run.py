"""Give every reader thousands of files that went wrong: only errors of ours may come of it, soon, in little memory.

    python -m benchmarks.mutations.run                            2,000 for each reader
    python -m benchmarks.mutations.run --reader film.mp4 --only 17    one case again, with its traceback

A case is named by seed, reader and number. Each reader has a process of its own, so that a crash of a decoder is seen
and not suffered; the input of every case that failed is kept.
"""

from __future__ import annotations

import argparse
import json
import selectors
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.mutations.readers import Reader, available, readers

COUNT = 2000
SECONDS = 10.0
MEMORY_GIB = 3.0
START_S = 120.0


@dataclass
class Tally:
    """What came of one reader's cases; `failures`: number and what happened."""

    results: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)
    slowest_s: float = 0.0
    most_mib: float = 0.0


class Worker:
    """The process that reads. It is started anew when it ends, hangs, or has grown."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._process: subprocess.Popen[str] | None = None

    def ask(self, path: Path) -> dict[str, Any]:
        """Have a file read; a crash or hang is an answer too."""
        process = self._running()
        assert process.stdin is not None
        print(path, file=process.stdin, flush=True)
        answer = self._answer(SECONDS)
        if answer is None:
            hangs = process.poll() is None
            self.stop()
            if hangs:
                return {"result": "failed", "error": f"took more than {SECONDS:g} s", "seconds": SECONDS, "mib": 0.0}
            how = f"the process ended with {process.returncode}"
            return {"result": "failed", "error": f"crash: {how}", "seconds": 0.0, "mib": 0.0}
        if answer["mib"] > MEMORY_GIB * 1024:
            self.stop()
            answer = {**answer, "result": "failed", "error": f"took {answer['mib']:.0f} MiB; {answer.get('error', '')}"}
        return answer

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
            self._process = None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = subprocess.Popen(
                command_of(self._name),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            if self._answer(START_S) is None:
                raise RuntimeError(f"the worker of {self._name} does not start")
        return self._process

    def _answer(self, seconds: float) -> dict[str, Any] | None:
        assert self._process is not None and self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(seconds):
                return None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            return None
        found: dict[str, Any] = json.loads(line)
        return found


def command_of(name: str) -> list[str]:
    """What starts the worker of a reader."""
    return [sys.executable, "-m", "benchmarks.mutations.worker", name, str(MEMORY_GIB)]


def case(reader: Reader, seed: int, number: int) -> bytes:
    """The content of one case: the same for ever."""
    rng = Random(f"{seed} {reader.name} {number}")
    samples = reader.samples()
    return reader.wrong(rng, samples[number % len(samples)], samples)


def try_reader(reader: Reader, numbers: range, seed: int, keep: Path) -> Tally:
    """Have every case read; what failed lies in `keep` afterwards."""
    tally, worker = Tally(), Worker(reader.name)
    try:
        with tempfile.TemporaryDirectory(prefix="personae-mutations-") as folder:
            path = Path(folder) / f"case{reader.suffix}"
            for number in numbers:
                content = case(reader, seed, number)
                path.write_bytes(content)
                answer = worker.ask(path)
                tally.results[answer["result"]] += 1
                tally.slowest_s = max(tally.slowest_s, answer["seconds"])
                tally.most_mib = max(tally.most_mib, answer["mib"])
                if answer["result"] == "failed":
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{reader.name}-{seed}-{number}{reader.suffix}").write_bytes(content)
                    tally.failures.append((number, answer.get("traceback") or answer["error"]))
    finally:
        worker.stop()
    return tally


def main(arguments: list[str] | None = None) -> int:
    """Run and print a line per reader; 1 where a case failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=COUNT, help="cases of each reader")
    parser.add_argument("--reader", action="append", help="only this one, or all that begin so; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the number of one case")
    parser.add_argument("--keep", type=Path, default=Path("build/mutations"), help="where failed inputs are kept")
    given = parser.parse_args(arguments)
    wanted = [
        reader
        for name, reader in readers().items()
        if not given.reader or any(name == one or name.startswith(f"{one}.") for one in given.reader)
    ]
    if not wanted:
        parser.error(f"no such reader. There are: {', '.join(readers())}")
    numbers = range(given.count) if given.only is None else range(given.only, given.only + 1)
    failed = 0
    for reader in wanted:
        if not available(reader):
            print(f"{reader.name:<12} no sample can be made here, passed over")
            continue
        started = time.monotonic()
        tally = try_reader(reader, numbers, given.seed, given.keep)
        failed += len(tally.failures)
        print(
            f"{reader.name:<12} {len(numbers)} cases: {tally.results['read']} read, "
            f"{tally.results['refused']} refused, {tally.results['failed']} failed; "
            f"slowest {tally.slowest_s:.2f} s, {tally.most_mib:.0f} MiB; {time.monotonic() - started:.0f} s",
            flush=True,
        )
        for kind, alike in _alike(tally).items():
            print(f"  {len(alike)} x {kind}\n    cases {', '.join(map(str, alike[:10]))}", flush=True)
        if given.only is not None:
            print("\n".join(text for _, text in tally.failures))
    return 1 if failed else 0


def _alike(tally: Tally) -> dict[str, list[int]]:
    """Failures by their last line."""
    found: dict[str, list[int]] = {}
    for number, text in tally.failures:
        found.setdefault(text.strip().splitlines()[-1][:200], []).append(number)
    return found


if __name__ == "__main__":
    sys.exit(main())
