"""Small plots as SVG text, to stand in a page: lines and dots on two axes. Colours come from the page's style sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 440, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 24, 26, 46


@dataclass(frozen=True)
class Axis:
    """An axis from `low` to `high` with labelled `ticks` (value, text); `scale` bends it (a logarithm, say).

    Values outside are drawn at the edge.
    """

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    scale: Callable[[float], float] = float

    def place(self, value: float) -> float:
        """0 at `low`, 1 at `high`."""
        low, high = self.scale(self.low), self.scale(self.high)
        return (self.scale(min(max(value, self.low), self.high)) - low) / (high - low)


@dataclass(frozen=True)
class Series:
    """A line through `points` (x, y) in the colour of the CSS class `style`; `steps`: level to the next point.

    `dots`: (x, y, text shown when pointed at).
    """

    label: str
    style: str
    points: Sequence[tuple[float, float]] = ()
    dots: Sequence[tuple[float, float, str]] = ()
    steps: bool = False


def chart(title: str, x: Axis, y: Axis, series: Sequence[Series], *, mark: tuple[float, str] | None = None) -> str:
    """One plot with grid, labels and `series`; `mark`: an upright line at x with its text. `title` is read aloud."""
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" '
        'xmlns="http://www.w3.org/2000/svg">'
    ]
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    for value, text in x.ticks:
        at = _x(x, value)
        parts.append(f'<line class="grid" x1="{at}" y1="{_TOP}" x2="{at}" y2="{bottom}"/>')
        parts.append(f'<text x="{at}" y="{bottom + 17}" text-anchor="middle">{escape(text)}</text>')
    for value, text in y.ticks:
        at = _y(y, value)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{at}" x2="{right}" y2="{at}"/>')
        parts.append(f'<text x="{_LEFT - 7}" y="{at + 4}" text-anchor="end">{escape(text)}</text>')
    middle = (_LEFT + right) / 2
    parts.append(f'<text class="axis" x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x.label)}</text>')
    parts.append(f'<text class="axis" x="{_LEFT - 50}" y="14">{escape(y.label)}</text>')
    if mark is not None:
        at = _x(x, mark[0])
        anchor = "end" if at > WIDTH * 0.6 else "start"
        parts.append(f'<line class="mark" x1="{at}" y1="{_TOP}" x2="{at}" y2="{bottom}"/>')
        parts.append(
            f'<text class="marked" x="{at + (-6 if anchor == "end" else 6)}" y="{_TOP + 0.45 * (bottom - _TOP):.0f}" '
            f'text-anchor="{anchor}">{escape(mark[1])}</text>'
        )
    for item in series:
        if item.points:
            parts.append(f'<path class="line {item.style}" d="{_path(x, y, item)}"/>')
    for item in series:
        for across, up, text in item.dots:
            parts.append(
                f'<circle class="dot {item.style}" cx="{_x(x, across)}" cy="{_y(y, up)}" r="5">'
                f"<title>{escape(text)}</title></circle>"
            )
    parts.append("</svg>")
    return "".join(parts)


def percent_ticks(values: Sequence[float]) -> tuple[tuple[float, str], ...]:
    """Ticks at those shares, as percentages."""
    return tuple((value, f"{value * 100:g}%") for value in values)


def _x(axis: Axis, value: float) -> float:
    return round(_LEFT + axis.place(value) * (WIDTH - _LEFT - _RIGHT), 1)


def _y(axis: Axis, value: float) -> float:
    return round(HEIGHT - _BOTTOM - axis.place(value) * (HEIGHT - _TOP - _BOTTOM), 1)


def _path(x: Axis, y: Axis, series: Series) -> str:
    places = [(_x(x, across), _y(y, up)) for across, up in series.points]
    path = f"M{places[0][0]} {places[0][1]}"
    for across, up in places[1:]:
        path += f"H{across}V{up}" if series.steps else f"L{across} {up}"
    return path
