"""How often strangers really get a name, measured, and the operating point that gives the rate that was asked.

A model's curve of false-accept rates (FAR) is fitted to people in general. Other strangers (one film's extras, say) may
be named more often or less. So strangers' faces are counted that get a name where the fitted curve lets the share
`nominal` through. That they are more alike to the cast moves all their similarities, which on the scale of normal
deviates (that of a DET plot) moves the whole curve by one `shift`: real FAR = P(Z > z(nominal FAR) - shift). The
fitted curve itself is a witness too: a normal prior of `PRIOR` about no shift, which says that a FAR of 1 % is right
within a factor of about 2. The shift is the mean of the posterior given the count (binomial; on a grid). A handful of
strangers so hardly moves the curve, and thousands decide.
"""

from __future__ import annotations

import json
import logging
from copy import copy
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from personae.checks import Fields, parsed
from personae.errors import DamagedFileError, reason_of
from personae.files import read_whole, write_whole
from personae.hints import command
from personae.recognition.model import CharacterModel
from personae.recognition.model_check import check_measured
from personae.recognition.model_file import FAR_SHOWN
from personae.settings import TABLE, Settings
from personae.types import FloatArray

log = logging.getLogger(__name__)
SCHEMA = "personae/calibration/2"
_OTHER_CURVE = "personae/calibration/1"
"""Measured against a curve that let fewer sharp strangers through than it said; on today's it would let too many."""
PRIOR = 0.25
"""Standard deviation of the shift before anything is counted, in normal deviates."""
EXPECTED = 10.0
"""Strangers are counted where at least so many are expected to get a name; fewer say too little."""
MOST_NOMINAL = 0.2
_SHIFTS = np.linspace(-2.5, 2.5, 1001)
_NORMAL = NormalDist()
_FAR = next(setting for setting in TABLE if setting.name == "far")


@dataclass(frozen=True)
class MeasuredFar:
    """The measurement and where it comes from. `shift`: of the curve, in normal deviates; `low`, `high`: 95 % interval.

    `embedder`: contract id; `source`: in words; `strangers`: faces counted, of which `named` got a name at the FAR
    `nominal`, where `expected` were to. A positive shift: strangers are named more often than fitted.
    """

    embedder: str
    created: str
    source: str
    strangers: int
    nominal: float
    expected: float
    named: int
    shift: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the fitted curve lies outside the interval."""
        return not self.low <= 0 <= self.high

    def nominal_for(self, far: float) -> float:
        """The FAR to set a model to, for strangers to be named at the rate `far`; within the range of the setting."""
        assert _FAR.minimum is not None and _FAR.maximum is not None
        return float(np.clip(_moved(far, -self.shift), _FAR.minimum, _FAR.maximum))

    def real(self, nominal: float) -> tuple[float, float, float]:
        """The share of strangers named where the fitted curve says `nominal`, and its 95 % interval."""
        return _moved(nominal, self.shift), _moved(nominal, self.low), _moved(nominal, self.high)


def _moved(far: float, shift: float) -> float:
    return _NORMAL.cdf(_NORMAL.inv_cdf(far) + shift)


def counting_point(strangers: int, far: float) -> float:
    """The nominal FAR at which `strangers` faces are counted: the one asked, where they are enough for it."""
    return float(min(max(far, EXPECTED / max(strangers, 1)), MOST_NOMINAL)) if far < MOST_NOMINAL else far


def measured(
    named: int, strangers: int, nominal: float, *, embedder: str, source: str, alike: float = 1.0
) -> MeasuredFar:
    """The shift and its interval after `named` of `strangers` got a name at the FAR `nominal`.

    `alike`: how many faces say as much as one independent face (several photos of a person); see `design_effect`.
    """
    expected = strangers * nominal
    rates = np.array([_moved(nominal, shift) for shift in _SHIFTS])
    log_likelihood = (named * np.log(rates) + (strangers - named) * np.log1p(-rates)) / alike
    log_posterior = log_likelihood - 0.5 * (_SHIFTS / PRIOR) ** 2
    posterior = np.exp(log_posterior - log_posterior.max())
    posterior /= posterior.sum()
    low, high = np.interp([0.025, 0.975], np.cumsum(posterior), _SHIFTS)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return MeasuredFar(
        embedder, now, source, strangers, nominal, expected, named, float(posterior @ _SHIFTS), float(low), float(high)
    )


def measure(
    model: CharacterModel, embeddings: FloatArray, face_px: FloatArray, far: float, *, embedder: str, source: str
) -> MeasuredFar:
    """Count the strangers' faces with `embeddings` (n, d) and `face_px` (n,) that `model` names, around `far`."""
    nominal = counting_point(len(embeddings), far)
    decisions = copy(model).recalibrate(nominal).decide(embeddings, face_px=face_px, candidates=1)
    return measured(int(decisions.named.sum()), len(embeddings), nominal, embedder=embedder, source=source)


def settings_for(settings: Settings, found: MeasuredFar | None) -> Settings:
    """`settings` with the nominal FAR in place of the one asked; unchanged without a measurement."""
    return settings if found is None else replace(settings, far=found.nominal_for(settings.far))


def stated(card: dict[str, Any], model: CharacterModel, far: float, found: MeasuredFar | None) -> dict[str, Any]:
    """A `model`'s card that gives FARs as they were asked and measured, not as the fitted curve has them."""
    if found is None or not card["operating_point"]["fitted"]:
        return {**card, "calibration": None}
    return {
        **card,
        "operating_point": {**card["operating_point"], "far": far},
        "far_curve": [[rate, round(model.calibration_.threshold(found.nominal_for(rate)), 4)] for rate in FAR_SHOWN],
        "calibration": asdict(found),
    }


def write(found: MeasuredFar, path: Path) -> None:
    """Write the measurement as JSON, whole; raises WriteError."""
    write_whole(
        path,
        (json.dumps({"schema": SCHEMA, **asdict(found)}, ensure_ascii=False, indent=2) + "\n").encode(),
        private=True,
    )


def read(path: Path, embedder: str) -> MeasuredFar | None:
    """The measurement at `path`; None where there is none, or one that says nothing here.

    Nothing is said by one of another embedder, or of version 1, which was measured against another curve.

    Raises DamagedFileError where the file is not what `write` wrote.
    """
    try:
        document = Fields(parsed(read_whole(path)))
        if document.one_of("schema", (SCHEMA, _OTHER_CURVE)) == _OTHER_CURVE:
            log.warning(
                "%s: measured by an earlier Personae, it counts no more. Measure again: %s",
                path, command("calibrate STRANGERS"),
            )  # fmt: skip
            return None
        check_measured(document)
        found = MeasuredFar(**{item.name: document.get(item.name) for item in fields(MeasuredFar)})
        if not _SHIFTS[0] <= found.low <= found.shift <= found.high <= _SHIFTS[-1]:
            raise ValueError("a shift outside its interval")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise DamagedFileError(
            path,
            f"not a calibration ({reason_of(error)}). Calibrate again, or undo it: {command('calibrate --undo')}",
        ) from None
    return found if found.embedder == embedder else None
