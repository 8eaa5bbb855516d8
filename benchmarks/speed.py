"""Speed and memory of training and identification, as ratios in one run where there is something to compare with.

    python benchmarks/speed.py [--quick]

Every contender at its best thread count, in turn, at least seven rounds; median with quartiles.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from personae.demo import COLLINS, HOPPER, source_photo
from personae.recognition.backgrounds import background_for
from personae.recognition.matching import character_scores
from personae.recognition.model import CharacterModel
from personae.recognition.prototypes import fit_prototypes, unit
from personae.types import FloatArray

EMBEDDER = "sface:d128:p1:fb143eea0783"


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def quartiles(values: list[float], scale: float = 1.0, unit_name: str = "") -> str:
    low, middle, high = np.quantile(np.array(values) * scale, [0.25, 0.5, 0.75])
    return f"{middle:.4g} {unit_name} ({low:.4g} to {high:.4g})"


def alternate(rounds: int, *contenders: Callable[[], object]) -> list[list[float]]:
    for contender in contenders:
        contender()
    times: list[list[float]] = [[] for _ in contenders]
    for _ in range(rounds):
        for i, contender in enumerate(contenders):
            times[i].append(seconds(contender))
    return times


def people(count: int, photos: int, seed: int = 0) -> FloatArray:
    background = background_for(EMBEDDER, 128)
    rng = np.random.default_rng(seed)

    def root(covariance: np.ndarray) -> np.ndarray:
        values, vectors = np.linalg.eigh(covariance)
        return np.asarray((vectors * np.sqrt(np.maximum(values, 0))).T, np.float32)

    centres = rng.standard_normal((count, 1, 128), np.float32) @ root(background.covariance - background.within)
    scatter = rng.standard_normal((count, photos, 128), np.float32) @ root(background.within)
    return np.asarray(unit(background.mean.astype(np.float32) + centres + scatter))


def start_up(rounds: int, folder: Path) -> None:
    photo = folder / "cast" / "Grace Hopper" / "1.jpg"
    for name, file in ((COLLINS, "1.png"), (HOPPER, "1.jpg")):
        (folder / "cast" / name).mkdir(parents=True)
        (folder / "cast" / name / file).write_bytes(source_photo(name).read_bytes())
    command = [sys.executable, "-m", "personae"]

    def run(arguments: list[str]) -> None:
        subprocess.run(arguments, cwd=folder, stdout=subprocess.DEVNULL, check=True)

    run([*command, "train", "cast"])
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import personae'": [sys.executable, "-c", "import personae"],
        "personae --help": [*command, "--help"],
        "personae identify PHOTO (cold start)": [*command, "identify", str(photo)],
    }
    works = [partial(run, arguments) for arguments in commands.values()]
    for name, times in zip(commands, alternate(rounds, *works), strict=True):
        print(f"{name:<60} {quartiles(times, 1, 's')}")


def matching(rounds: int) -> None:
    centres = people(10_000, 1)[:, 0]
    starts = np.arange(len(centres))
    face = people(1, 1, seed=1)[0]
    times = alternate(max(rounds, 50), lambda: character_scores(face, centres, starts).argmax())
    print(f"{'one face against 10,000 characters':<60} {quartiles(times[0], 1e3, 'ms')}")
    few = centres[:300]
    from sklearn.metrics.pairwise import cosine_similarity

    def loop() -> float:
        return max(float(cosine_similarity(face, row[None])[0, 0]) for row in few)

    ours, theirs = alternate(rounds, lambda: character_scores(face, few, starts[:300]).max(), loop)
    ratio = list(np.array(theirs) / np.array(ours))
    print(f"{'300 characters: a loop of cosine_similarity takes so many times':<60} {quartiles(ratio)}")


def training(rounds: int, characters: int, photos: int = 20) -> None:
    from sklearn.cluster import KMeans

    faces = people(characters, photos + 1)
    X = faces[:, :photos].reshape(-1, 128)
    groups = np.repeat(np.arange(characters), photos)
    share = 100  # scikit-learn gets a hundredth of the characters; its time is linear in them
    found: dict[str, list[np.ndarray]] = {}

    def theirs() -> None:
        part = max(1, characters // share)
        found["theirs"] = [
            KMeans(3, n_init=10, random_state=0).fit(X[photos * c : photos * (c + 1)]).cluster_centers_
            for c in range(part)
        ]

    def ours() -> None:
        found["ours"] = [fit_prototypes(X, groups).centres]

    times = alternate(rounds, ours, theirs)
    ratio = list(np.array(times[1]) * share / np.array(times[0]))
    print(f"{f'clusters of {characters:,} characters x {photos}, ours':<60} {quartiles(times[0], 1, 's')}")
    print(f"{'KMeans(n_init=10) per character takes so many times':<60} {quartiles(ratio)}")
    whole = seconds(lambda: CharacterModel(background=background_for(EMBEDDER, 128)).fit(X, groups))
    print(f"{'the whole fit: scaler, clusters, metrics, calibration':<60} {whole:.3g} s")
    part = max(2, characters // share)
    probes = unit(faces[:part, photos])
    prototypes = fit_prototypes(X[: part * photos], groups[: part * photos])
    right = character_scores(probes, prototypes.centres, prototypes.starts).argmax(axis=1) == np.arange(part)
    every = np.concatenate([unit(c) for c in found["theirs"]])
    sizes = np.cumsum([0, *[len(c) for c in found["theirs"]]])[:-1]
    their_right = character_scores(probes[: len(sizes)], every, sizes).argmax(axis=1) == np.arange(len(sizes))
    print(f"{f'rank-1 of {part} characters, ours and KMeans':<60} {right.mean():.2%} and {their_right.mean():.2%}")


def memory(folder: Path, counts: tuple[int, ...]) -> None:
    from PIL import Image

    with Image.open(source_photo(HOPPER)) as image:
        small = image.convert("RGB").resize((256, 256 * image.height // image.width))
    script = (
        "import re, sys\nfrom personae import CharacterRecognizer\nfrom personae.media.photos import find\n"
        "n = 0\nfor picture in CharacterRecognizer(sys.argv[1]).identify_pictures(find([sys.argv[2]])):\n    n += 1\n"
        # Not ru_maxrss: a child starts with its parent's.
        "print(n, int(re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1]) // 1024)"
    )
    stills = folder / "stills"
    stills.mkdir()
    for i in range(max(counts)):
        if i == 0:
            small.save(stills / "0.jpg")
        else:
            os.link(stills / "0.jpg", stills / f"{i}.jpg")
        if i + 1 in counts:
            command = [sys.executable, "-c", script, str(folder / "personae"), str(stills)]
            started = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            n, mebibytes = done.stdout.split()
            speed = int(n) / (time.perf_counter() - started)
            print(f"{f'identify on a folder of {int(n):,} photos':<60} {mebibytes} MiB at most, {speed:.0f} photos/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller and fewer: shows that it runs, not how fast")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    rounds = 3 if quick else 7
    with tempfile.TemporaryDirectory() as name:
        start_up(rounds, Path(name))
        matching(rounds)
        training(rounds, 500 if quick else 10_000)
        memory(Path(name), (50, 100) if quick else (100, 1000, 10_000))


if __name__ == "__main__":
    main()
