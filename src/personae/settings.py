"""One table of settings: it feeds the command line, the environment, the settings file and the docs.

A value is looked up in this order: given by the caller, `PERSONAE_<NAME>` in the environment,
`settings.toml` in the project folder, the default in the table.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Real
from pathlib import Path
from typing import Any, Literal

from personae.errors import SettingError, reason_of
from personae.files import read_whole

SETTINGS_FILE = "settings.toml"
HEADING = "personae"
"""The lines of a settings file may stand under `[personae]`."""


@dataclass(frozen=True)
class Setting:
    """One row of the table. `minimum` and `maximum` are inclusive; `unit` is for people."""

    name: str
    default: bool | int | float | str | None
    help: str
    kind: type
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def environment(self) -> str:
        """Name of the environment variable."""
        return f"PERSONAE_{self.name.upper()}"

    @property
    def option(self) -> str:
        """Name of the command-line option."""
        return f"--{self.name.replace('_', '-')}"

    def parse(self, value: object, called: str = "") -> Any:
        """`value` as this setting's type, from text or a typed value; SettingError where it does not fit.

        `called`: what the error calls the setting; by default the command-line option.
        """
        called = called or self.option
        if value is None or (isinstance(value, str) and value.strip().lower() in {"", "none"}):
            if self.default is None:
                return None
            raise SettingError(f"{called} needs a value ({self._range()}).")
        try:
            parsed = self._convert(value)
        except (TypeError, ValueError, OverflowError):
            raise SettingError(f"{called}: {value!r} is not {self._range()}.") from None
        outside = self.minimum is not None and not (isinstance(parsed, int | float) and parsed >= self.minimum)
        outside |= self.maximum is not None and not (isinstance(parsed, int | float) and parsed <= self.maximum)
        if outside or (self.choices and parsed not in self.choices):
            raise SettingError(f"{called}: {value!r} is not {self._range()}.")
        return parsed

    def _convert(self, value: object) -> bool | int | float | str:
        # A bool is an int to Python, and anything can be written as text: neither is what was meant.
        fitting: dict[type, type] = {bool: bool, int: Real, float: Real, str: os.PathLike}
        is_bool = isinstance(value, bool) and self.kind is not bool
        if is_bool or not isinstance(value, str | fitting[self.kind]):
            raise TypeError(value)
        if self.kind is bool:
            text = str(value).strip().lower()
            if text not in {"1", "0", "true", "false", "yes", "no", "on", "off"}:
                raise ValueError(text)
            return text in {"1", "true", "yes", "on"}
        if self.kind is int:
            if isinstance(value, Real) and not float(value).is_integer():
                raise ValueError(value)
            return int(value)  # type: ignore[call-overload, no-any-return]
        if self.kind is float:
            return float(value)  # type: ignore[arg-type]
        return str(value)

    def _range(self) -> str:
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.kind is bool:
            return "yes or no"
        what = {int: "a whole number", float: "a number", str: "a text"}[self.kind]
        if self.minimum is not None and self.maximum is not None:
            return f"{what} from {self.minimum:g} to {self.maximum:g}"
        if self.minimum is not None:
            return f"{what} of at least {self.minimum:g}"
        return what


TABLE: tuple[Setting, ...] = (
    Setting(
        "far",
        0.01,
        "False-accept rate: the share of strangers' faces that may get any name.",
        float,
        "share of faces",
        0.0001,
        0.5,
    ),
    Setting(
        "threshold",
        None,
        "Similarity from which a face gets a name; overrides the one fitted to --far.",
        float,
        "cosine",
        -1.0,
        1.0,
    ),
    Setting(
        "strangers",
        0.5,
        "The share of strangers among the faces to identify that confidence is made for.",
        float,
        "share of faces",
        0.01,
        0.99,
    ),
    Setting(
        "max_photos", None, "At most this many photos per character, the best ones; none means all.", int, "photos", 1
    ),
    Setting(
        "head",
        "prototypes",
        "Head that decides between characters a face may be: prototypes, knn, logistic, svm, mlp, random-forest, "
        "ensemble (all of them vote), auto (the one that fits the cast best), or an installed plug-in.",
        str,
    ),
    Setting("max_clusters", 3, "At most this many K-means clusters per character (per look).", int, "clusters", 1, 16),
    Setting(
        "background_weight",
        1000.0,
        "How many people of the embedder's background a cast's own statistics are weighed against in the scaler.",
        float,
        "people",
        1.0,
        1e6,
    ),
    Setting(
        "seed", 0, "Seed of everything random in training; the same seed gives the same model.", int, "", 0, 2**31 - 1
    ),
    Setting(
        "outliers",
        True,
        "Leave out photos that do not agree with their character's others, or fit another character better.",
        bool,
        "yes or no",
    ),
    Setting("detector", "yunet", "Detector: the name of an installed one, or the path of a YuNet ONNX file.", str),
    Setting(
        "embedder",
        "sface",
        "Embedder: the name of an installed one, or the path of an ONNX file; several, with commas between, vote.",
        str,
    ),
    Setting("min_detection_score", 0.7, "Detections below this score are not faces.", float, "score", 0.01, 1.0),
    Setting(
        "min_enroll_px",
        32.0,
        "Smallest face that is enrolled (mean of box width and height).",
        float,
        "pixels",
        8.0,
        2000.0,
    ),
    Setting("min_enroll_score", 0.75, "Lowest detection score that is enrolled.", float, "score", 0.01, 1.0),
    Setting(
        "min_sharpness",
        0.1,
        "Least sharpness that is enrolled: variance of the Laplacian over that of the grey "
        "levels, at 56x56 or the face's own size.",
        float,
        "share of contrast",
        0.0,
        100.0,
    ),
    Setting(
        "min_brightness",
        25.0,
        "Least mean grey level of the face that is enrolled.",
        float,
        "grey levels, 0 to 255",
        0.0,
        255.0,
    ),
    Setting(
        "max_yaw",
        0.75,
        "Farthest the nose may lie off the middle of the eyes to be enrolled.",
        float,
        "eye distances",
        0.05,
        5.0,
    ),
    Setting(
        "max_picture_mpx",
        250.0,
        "Larger pictures are refused (decompression bombs).",
        float,
        "megapixels",
        0.01,
        2000.0,
    ),
    Setting(
        "provider",
        "auto",
        "Execution provider; auto takes the fastest installed and says which.",
        str,
        choices=("auto", "cpu", "cuda", "tensorrt", "coreml", "directml", "openvino"),
    ),
    Setting("threads", None, "Threads of work on pictures; none means one per core.", int, "threads", 1, 512),
    Setting("batch_size", 8, "Crops embedded at once.", int, "crops", 1, 1024),
    Setting(
        "look_every_s",
        0.4,
        "Films are searched for faces so often, and wherever faces change between two looks.",
        float,
        "seconds",
        0.01,
        10.0,
    ),
    Setting("crops_mb", 4096, "Most of crops of faces kept of all films; the oldest go first.", int, "MB", 0, 10**7),
    Setting("exports_days", 7, "Films that the service exports wait so long to be fetched.", int, "days", 0, 3650),
    Setting("exports_kept", 20, "Most of them that wait; the oldest go first.", int, "", 0, 10**6),
    Setting("bridge_s", 0.5, "A face away for no longer than this stays in one appearance.", float, "seconds", 0, 60),
    Setting("min_appearance_s", 0.0, "Shorter appearances are left out.", float, "seconds", 0.0, 60.0),
    Setting("pad_s", 0.0, "Added before and after each appearance.", float, "seconds", 0.0, 60.0),
    Setting(
        "min_unknown_s", 0.5, "Unknown people who are visible for less in all are left out.", float, "seconds", 0, 3600
    ),
    Setting(
        "scene_gap_s",
        30.0,
        "A character away for longer than this has left the scene (scene presence).",
        float,
        "seconds",
        0.0,
        3600.0,
    ),
    Setting("max_upload_mb", 256, "Largest request that the service takes.", int, "MB", 1, 10**5),
    Setting("max_film_hours", 24.0, "Longer films are not scanned by the service.", float, "hours", 0.01, 10**4),
    Setting("max_requests", 6000, "Requests of one key that the service answers a minute.", int, "a minute", 1, 10**7),
    Setting("max_waiting_jobs", 1000, "Jobs of the service that may wait at once.", int, "jobs", 1, 10**6),
    Setting("max_streams", 100, "Clients that may follow the service's events at once.", int, "clients", 1, 10**4),
    Setting(
        "cluster",
        None,
        "Machines that look through films: local, tcp://HOST:PORT (Dask), or postgresql://... (a table of jobs); none "
        "means this one.",
        str,
    ),
    Setting(
        "roots",
        None,
        "Folders of films that several machines see, by a name that is the same on all: NAME=FOLDER, with ; between.",
        str,
    ),
    Setting(
        "lock_timeout_s",
        10.0,
        "How long to wait for another process that is writing to the project.",
        float,
        "seconds",
        0.0,
        86400.0,
    ),
)
_BY_NAME: dict[str, Setting] = {setting.name: setting for setting in TABLE}


@dataclass(frozen=True)
class Settings:
    """Values of every setting in `TABLE`; build one with `resolve`."""

    far: float = 0.01
    threshold: float | None = None
    strangers: float = 0.5
    max_photos: int | None = None
    head: str = "prototypes"
    max_clusters: int = 3
    background_weight: float = 1000.0
    seed: int = 0
    outliers: bool = True
    detector: str = "yunet"
    embedder: str = "sface"
    min_detection_score: float = 0.7
    min_enroll_px: float = 32.0
    min_enroll_score: float = 0.75
    min_sharpness: float = 0.1
    min_brightness: float = 25.0
    max_yaw: float = 0.75
    max_picture_mpx: float = 250.0
    provider: str = "auto"
    threads: int | None = None
    batch_size: int = 8
    look_every_s: float = 0.4
    crops_mb: int = 4096
    exports_days: int = 7
    exports_kept: int = 20
    bridge_s: float = 0.5
    min_appearance_s: float = 0.0
    pad_s: float = 0.0
    min_unknown_s: float = 0.5
    scene_gap_s: float = 30.0
    max_upload_mb: int = 256
    max_film_hours: float = 24.0
    max_requests: int = 6000
    max_waiting_jobs: int = 1000
    max_streams: int = 100
    cluster: str | None = None
    roots: str | None = None
    lock_timeout_s: float = 10.0

    def __post_init__(self) -> None:
        for item in fields(self):
            object.__setattr__(self, item.name, _BY_NAME[item.name].parse(getattr(self, item.name)))


def resolve(
    given: Mapping[str, object] | None = None,
    *,
    project: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Settings from the four places in their order; a `None` in `given` means not given.

    Raises SettingError for an unknown name, a value out of range or a settings file that is not TOML.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, object] = {} if project is None else _read_file(Path(project) / SETTINGS_FILE)
    for setting in TABLE:
        if setting.environment in environment:
            values[setting.name] = environment[setting.environment]
    values |= {name: value for name, value in (given or {}).items() if value is not None}
    unknown = sorted(set(values) - set(_BY_NAME))
    if unknown:
        raise SettingError(f"Unknown setting: {', '.join(unknown)}. Known: {', '.join(_BY_NAME)}.")
    return Settings(**values)  # type: ignore[arg-type]


Source = Literal["environment", "project", "default"]


def sources(*, project: str | Path, environment: Mapping[str, str] | None = None) -> dict[str, Source]:
    """Where `resolve` takes each setting from: the environment, the project's file, or the table; raises as it."""
    environment = os.environ if environment is None else environment
    file = _read_file(Path(project) / SETTINGS_FILE)
    return {
        one.name: "environment" if one.environment in environment else "project" if one.name in file else "default"
        for one in TABLE
    }


def _read_file(path: Path) -> dict[str, object]:
    try:
        found = tomllib.loads(read_whole(path).decode("utf-8-sig"))  # some editors begin with a byte order mark
        under_heading = found.pop(HEADING, {})
        found = {**under_heading, **found} if isinstance(under_heading, dict) else {**found, HEADING: under_heading}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise SettingError(f"{path} cannot be read ({reason_of(error)}). Mend or remove it.", path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingError(f"{path} is not valid TOML ({error}). Mend or remove it.", path) from None
    try:
        return {
            name: _BY_NAME[name].parse(value, f"{path}: {name}") if name in _BY_NAME else value
            for name, value in found.items()
        }
    except SettingError as error:
        raise SettingError(str(error), path) from None
