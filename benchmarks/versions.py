"""Two versions of Personae in one run: start-up, identify and scan by CPU time, taken in turns.

    python -m benchmarks.versions b42be48 --data SHARED_DATA      # that revision against the working tree

Each contender runs in processes of its own from its own sources, with the same interpreter and packages; user and
system time of the whole process, so that a busy machine counts less. Ratio new / old pair by pair; the median with a
95 % interval from 10,000 bootstrap drawings of the pairs.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
MOST = 1.03


def cpu_s(sources: Path, arguments: Sequence[str], cwd: Path) -> float:
    """User and system seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # As a user has it: compiled once, not at every start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(sources)
    done = subprocess.run(
        [sys.executable, "-m", "personae", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{sources}: {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def interval(ratios: Sequence[float], rng: np.random.Generator) -> tuple[float, float, float]:
    """Median and the ends of its 95 % interval."""
    values = np.array(ratios)
    medians = np.median(values[rng.integers(0, len(values), (10_000, len(values)))], axis=1)
    return float(np.median(values)), float(np.quantile(medians, 0.025)), float(np.quantile(medians, 0.975))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision", help="the older version, as git names it")
    parser.add_argument("--data", type=Path, required=True, help="a folder with bbt/ and friends/")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    data, rng, failed = options.data.absolute(), np.random.default_rng(0), False
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        subprocess.run(
            ["git", "worktree", "add", "--quiet", "--detach", work / "old", options.revision], cwd=ROOT, check=True
        )
        try:
            contenders = {"old": work / "old" / "src", "new": ROOT / "src"}
            for name, sources in contenders.items():
                cpu_s(sources, ["train", str(data / "bbt" / "cast"), "--project", name], work)
                cpu_s(sources, ["train", str(data / "friends" / "cast"), "--project", f"film-{name}"], work)
            photos = [str(path) for path in sorted((data / "bbt").glob("*.jpg"))] * 4
            tasks = {
                "start-up (--version)": ["--version"],
                "start-up (log)": ["log", "--project", "NAME"],
                f"identify ({len(photos)} photos)": ["identify", *photos, "--project", "NAME"],
                "scan (15 s, 640x360)": [
                    "scan",
                    str(data / "friends" / "clip.mp4"),
                    "--out",
                    "out-NAME",
                    "--fresh",
                    "--project",
                    "film-NAME",
                ],
            }
            for task, arguments in tasks.items():
                ratios, seconds = [], []
                for turn in range(options.rounds + 1):
                    taken = {}
                    for name in ("old", "new") if turn % 2 else ("new", "old"):
                        shutil.rmtree(work / f"out-{name}", ignore_errors=True)
                        taken[name] = cpu_s(contenders[name], [part.replace("NAME", name) for part in arguments], work)
                    if turn:  # the first warms the disk
                        ratios.append(taken["new"] / taken["old"])
                        seconds.append(taken["new"])
                median, low, high = interval(ratios, rng)
                failed |= high > MOST
                print(
                    f"{task:28} {np.median(seconds):7.2f} s   new / old {median:.3f} ({low:.3f} to {high:.3f})",
                    flush=True,
                )
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", work / "old"], cwd=ROOT, check=False)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
