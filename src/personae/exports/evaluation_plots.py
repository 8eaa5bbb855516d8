"""The plots of an evaluation: threshold curve, ROC, DET and reliability, each a figure of the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from statistics import NormalDist

from personae.assessment.evaluation import Evaluation
from personae.exports.svg import Axis, Series, chart, percent_ticks
from personae.types import count_of

_LEAST = 0.001
_NORMAL = NormalDist()


def figures(evaluation: Evaluation) -> str:
    """All of them."""
    found = [_threshold(evaluation)]
    if evaluation.roc:
        found += [_roc(evaluation), _det(evaluation)]
    if evaluation.calibration.bins:
        found.append(_reliability(evaluation))
    return "".join(found)


def _figure(title: str, text: str, svg: str, legend: Sequence[Series] = ()) -> str:
    keys = "".join(f'<span><i class="{item.style}"></i>{escape(item.label)}</span>' for item in legend)
    shown = f'<span class="legend">{keys}</span>' if keys else ""
    return f'<figure class="plot"><figcaption><b>{escape(title)}</b>{escape(text)}{shown}</figcaption>{svg}</figure>'


def _threshold(evaluation: Evaluation) -> str:
    curve = evaluation.curve
    lines = [
        Series("named rightly", "good", [(point.threshold, point.right) for point in curve]),
        Series("named wrongly", "bad", [(point.threshold, point.wrong) for point in curve]),
        Series("unknown", "wait", [(point.threshold, point.unknown) for point in curve]),
    ]
    strangers = [(point.threshold, point.far) for point in curve if point.far is not None]
    if strangers:
        lines.append(Series("strangers named", "violet", strangers))
    low, high = curve[0].threshold, curve[-1].threshold
    first = math.ceil(low * 10)
    ticks = tuple((value / 10, f"{value / 10:.1f}") for value in range(first, math.floor(high * 10) + 1))
    svg = chart(
        "Shares of photos named rightly, wrongly and not at all, against the threshold",
        Axis("threshold (similarity)", low, high, ticks),
        Axis("share of photos", 0, 1, percent_ticks((0, 0.25, 0.5, 0.75, 1))),
        lines,
        mark=(evaluation.threshold, f"chosen: {evaluation.threshold:.2f}"),
    )
    return _figure("What the threshold does", "Moved to the right, fewer strangers get a name, and fewer photos too.",
                   svg, lines)  # fmt: skip


def _operating_dot(evaluation: Evaluation, *, missed: bool) -> list[tuple[float, float, str]]:
    strangers = evaluation.curve_strangers
    right = evaluation.right.value
    if strangers is None or strangers.far.value is None or right is None:
        return []
    up = 1 - right if missed else right
    what = "missed" if missed else "named rightly"
    return [(strangers.far.value, up, f"chosen: {up:.1%} {what}, {strangers.far.value:.1%} of strangers named")]


def _source(evaluation: Evaluation) -> str:
    strangers = evaluation.curve_strangers
    if strangers is None:
        return ""
    if strangers.source == "photos":
        return f"{count_of(strangers.faces, 'face')} of strangers."
    return "Strangers are the cast itself, each character left out in turn."


def _rates(evaluation: Evaluation) -> list[tuple[float, float]]:
    """The ROC from the best point without a stranger on: what lies before it is never a choice."""
    best = max((i for i, (far, _) in enumerate(evaluation.roc) if far == 0), default=0)
    return list(evaluation.roc[best:])


def _roc(evaluation: Evaluation) -> str:
    points = _rates(evaluation)
    line = Series("", "blue", [(max(far, _LEAST), hit) for far, hit in points], steps=True)
    dot = Series("", "blue", dots=_operating_dot(evaluation, missed=False))
    lowest = min(hit for _, hit in points)
    low = max(0.0, math.floor(min(lowest, evaluation.right.value or 0.0) * 10 - 0.5) / 10)
    svg = chart(
        "Share of the cast's photos named rightly against the share of strangers named",
        Axis("strangers named (false-accept rate)", _LEAST, 1, percent_ticks((0.001, 0.01, 0.1, 1)), math.log10),
        Axis("named rightly", low, 1, percent_ticks([low + (1 - low) * part / 4 for part in range(5)])),
        [line, dot],
    )
    return _figure("ROC", f"Each point is a threshold, the dot the chosen one. {_source(evaluation)}", svg)


def _det(evaluation: Evaluation) -> str:
    shares = (0.001, 0.01, 0.05, 0.2, 0.5)
    top = 0.6
    points = [(far, 1 - hit) for far, hit in _rates(evaluation)]
    line = Series("", "blue", points, steps=True)
    dot = Series("", "blue", dots=_operating_dot(evaluation, missed=True))
    svg = chart(
        "Share of the cast's photos missed against the share of strangers named, both on normal deviate scales",
        Axis("strangers named", _LEAST, top, percent_ticks(shares), _NORMAL.inv_cdf),
        Axis("missed", _LEAST, top, percent_ticks(shares), _NORMAL.inv_cdf),
        [line, dot],
    )
    return _figure("DET", "The two errors against each other; nearer to the lower left is better. "
                   "What is below 0.1% lies on the edge.", svg)  # fmt: skip


def _reliability(evaluation: Evaluation) -> str:
    bins = evaluation.calibration.bins
    error = evaluation.calibration.error
    even = Series("as it should be", "soft", [(0, 0), (1, 1)])
    found = Series(
        "measured", "blue", [(item.confidence, item.right) for item in bins],
        [(item.confidence, item.right, f"confidence {item.confidence:.1%}: {item.right:.1%} right "
          f"({count_of(item.faces, 'face')})") for item in bins],
    )  # fmt: skip
    ticks = percent_ticks((0, 0.25, 0.5, 0.75, 1))
    svg = chart(
        "Share of right names against confidence", Axis("confidence", 0, 1, ticks), Axis("right names", 0, 1, ticks),
        [even, found],
    )  # fmt: skip
    text = "Of the names given with a confidence, how many are right, half of all faces being strangers'."
    if error is not None:
        text += f" Mean distance from the line: {error:.3f}."
    return _figure("Confidence", text, svg, [even, found])
