"""Twelve colours that nobody takes for each other, on light and dark paper and with every kind of colour vision."""

from __future__ import annotations

import re
from importlib import resources
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from personae.media.annotate import UNKNOWN_COLOUR
from personae.media.palette import COLOURS, GREY, Colours

Array = NDArray[np.float64]
# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
VISION = {
    name: np.array(rows).reshape(3, 3)
    for name, rows in {
        "all colours": (1, 0, 0, 0, 1, 0, 0, 0, 1),
        "protanopia": (
            *(0.152286, 1.052583, -0.204868),
            *(0.114503, 0.786281, 0.099216),
            *(-0.003882, -0.048116, 1.051998),
        ),
        "deuteranopia": (
            *(0.367322, 0.860646, -0.227968),
            *(0.280085, 0.672501, 0.047413),
            *(-0.011820, 0.042940, 0.968881),
        ),
        "tritanopia": (
            *(1.255528, -0.076749, -0.178779),
            *(-0.078411, 0.930809, 0.147602),
            *(0.004733, 0.691367, 0.303900),
        ),
    }.items()
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour: str) -> Array:
    values = np.frombuffer(bytes.fromhex(colour.removeprefix("#")), np.uint8) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: Array) -> Array:
    """CIELAB (D65) of linear RGB."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / TO_XYZ.sum(axis=1)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(one: Array, other: Array) -> float:
    """Sharma, Wu and Dalal (2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    more = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25**7))
    c1, c2 = np.hypot(more * a1, b1), np.hypot(more * a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, more * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    light, chroma, mean = (l1 + l2) / 2, (c1 + c2) / 2, h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    t = 1 - 0.17 * np.cos(np.radians(mean - 30)) + 0.24 * np.cos(np.radians(2 * mean))
    t += 0.32 * np.cos(np.radians(3 * mean + 6)) - 0.2 * np.cos(np.radians(4 * mean - 63))
    s_l = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    turned = (
        -2 * np.sqrt(chroma**7 / (chroma**7 + 25**7)) * np.sin(np.radians(60 * np.exp(-(((mean - 275) / 25) ** 2))))
    )
    parts = ((l2 - l1) / s_l, (c2 - c1) / s_c, hue / s_h)
    return float(np.sqrt(sum(part**2 for part in parts) + turned * parts[1] * parts[2]))


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    lights = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def test_the_measure_is_the_published_one() -> None:
    pairs = [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ]
    for one, other, distance in pairs:  # of the table of Sharma, Wu and Dalal
        assert ciede2000(np.array(one, float), np.array(other, float)) == pytest.approx(distance, abs=1e-4)


@pytest.mark.parametrize("paper", ["light", "dark"])
@pytest.mark.parametrize(
    ("vision", "least"), [("all colours", 22), ("protanopia", 9.8), ("deuteranopia", 9.8), ("tritanopia", 9.8)]
)
def test_no_two_of_twelve_and_the_grey_are_taken_for_each_other(paper: str, vision: str, least: float) -> None:
    assert len(COLOURS) == 12
    seen = [lab(VISION[vision] @ linear(getattr(one, paper))) for one in (*COLOURS, GREY)]
    assert min(ciede2000(one, other) for one, other in combinations(seen, 2)) >= least


def test_every_colour_can_be_seen_on_its_paper() -> None:
    base = (resources.files("personae") / "exports" / "pages" / "base.css").read_text(encoding="utf-8")
    light, dark = re.findall(r"--card: (#[0-9a-f]+)", base)
    light = light if len(light) == 7 else "#" + "".join(2 * sign for sign in light[1:])
    for one in (*COLOURS, GREY):
        assert contrast(one.light, light) >= 3 and contrast(one.dark, dark) >= 3


def test_twelve_characters_have_twelve_colours_and_keep_them() -> None:
    names = [f"Character {number}" for number in range(12)]
    colours = Colours(names)
    assert sorted(map(colours.of, names)) == list(range(12))
    # A small cast has the same colours in each of its films, whoever is in it.
    assert Colours.for_all(names[3:5], names).of(names[4]) == Colours.for_all(names[4:9], names).of(names[4])
    many = [f"Character {number}" for number in range(300)]
    shown = Colours.for_all(many[:12], many)
    assert len({shown.of(name) for name in many[:12]}) == 12, "of a large cast those who are shown"
    assert {Colours(many).of(name) for name in many} == set(range(12))


def test_a_cast_has_its_colours_by_id() -> None:
    cast = {f"{number:04}": f"Character {number}" for number in range(12)}
    colours = Colours.of_cast(cast).numbers
    assert sorted(colours.values()) == list(range(12))
    renamed = {"0003": "A", **{key: name for key, name in reversed(cast.items()) if key != "0003"}}
    assert Colours.of_cast(renamed).numbers == {
        "A" if name == "Character 3" else name: number for name, number in colours.items()
    }
    large = {f"{number:04}": f"Character {number}" for number in range(300)}
    shown = [f"Character {number}" for number in range(20, 32)]
    assert sorted(Colours.of_cast(large, shown).numbers) == sorted(shown)
    assert len(set(Colours.of_cast(large, shown).numbers.values())) == 12


def test_people_without_a_name_are_grey() -> None:
    assert GREY.rgb == UNKNOWN_COLOUR and max(UNKNOWN_COLOUR) - min(UNKNOWN_COLOUR) < 12
