"""An evaluation as one self-contained page: no script, nothing fetched, pictures and plots inside.

It shows faces of the cast and of strangers: share it as you would share the photos.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from personae.assessment.advice import Advice
from personae.assessment.evaluation import CharacterResult, Evaluation, FaceFacts, Strangers, Verdict
from personae.assessment.intervals import Share
from personae.assessment.validation import EvaluationReport
from personae.exports.evaluation_plots import figures
from personae.exports.evaluation_style import STYLE
from personae.exports.thumbnails import Thumbnails
from personae.names import readable
from personae.types import count_of

MOST_IN_MATRIX = 40
_URGENT = frozenset({"looks-like", "far-too-high", "stranger-looks-like"})


def evaluation_html(report: EvaluationReport) -> str:
    """The page as text; photos are read again for their thumbnails."""
    page = _Page(report)
    title = f"Evaluation of {_cast_name(report)}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_text(title)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{_text(title)}</h1>{page.head()}{page.advice()}{page.characters()}{page.confusions()}{page.worst()}"
        f'<h2>Curves</h2><div class="plots">{figures(report.evaluation)}</div>{page.method()}</main></body></html>\n'
    )


def summary(evaluation: Evaluation) -> str:
    """The result in a sentence or two."""
    right, wrong, unknown = evaluation.right, evaluation.wrong, evaluation.unknown
    parts = [
        f"Named by models that had not seen them, {right.count} of {count_of(evaluation.tested, 'photo')} "
        f"got the right name, {wrong.count} a wrong one, and {unknown.count} stayed unknown."
    ]
    for item in evaluation.strangers:
        whose = (
            f"Of {item.faces} strangers' faces"
            if item.source == "photos"
            else f"Of the cast's own {item.faces} faces, each character left out in turn,"
        )
        parts.append(f"{whose} {item.far.count} got a name ({percent_of(item.far)}).")
    return " ".join(parts)


def percent_of(share: Share) -> str:
    """A share as text: "97.5%", or a dash where there is nothing to count."""
    return "–" if share.value is None else f"{100 * share.value:.1f}%".replace(".0%", "%")


def interval_of(share: Share) -> str:
    """The 95 % interval as text."""
    return "" if share.low is None or share.high is None else f"{100 * share.low:.1f} to {100 * share.high:.1f}%"


class _Page:
    def __init__(self, report: EvaluationReport) -> None:
        self.report = report
        self.evaluation = report.evaluation
        self.thumbnails = Thumbnails()

    # Parts, from the top

    def head(self) -> str:
        evaluation = self.evaluation
        tiles = [
            _tile(evaluation.right, "named rightly"),
            _tile(evaluation.wrong, "named wrongly"),
            _tile(evaluation.unknown, "left unknown"),
            _tile(evaluation.rank1, "nearest character is right, named or not"),
            *(_tile(item.far, _strangers(item)) for item in evaluation.strangers),
        ]
        facts = (
            f"{count_of(len(evaluation.characters), 'character')}, {count_of(evaluation.photos, 'photo')} · "
            f"asked: at most {evaluation.far:.1%} of strangers get a name · {self.report.created[:10]}"
        )
        return (
            f'<p class="soft">{_text(facts)}</p><p class="lead">{_text(summary(evaluation))}</p>'
            f'<div class="tiles">{"".join(tiles)}</div>'
            '<p class="soft">Small print: the 95% interval. Few photos say little, however good they look.</p>'
        )

    def advice(self) -> str:
        items = "".join(self._advice(item) for item in self.report.advice)
        return f'<h2>What to do</h2><ul class="advice">{items}</ul>'

    def _advice(self, item: Advice) -> str:
        style = "bad" if item.kind in _URGENT else "fine" if item.kind == "nothing" else ""
        known = {verdict.face.path: verdict.face for verdict in self.evaluation.worst}
        faces = [known[path] for path in item.photos[:1] if path in known]
        examples = self.evaluation.examples
        if len(item.characters) <= 2 and item.kind in {"look-alikes", "looks-like", "stranger-looks-like"}:
            names = item.characters[-1:] if faces else item.characters
            faces += [examples[name] for name in names if name in examples]
        pictures = "".join(self._image(face) for face in faces)
        pair = f'<span class="pair">{pictures}</span>' if pictures else ""
        return f'<li class="{style}">{pair}<span>{_text(item.text)}</span></li>'

    def characters(self) -> str:
        rows = "".join(self._character(item) for item in sorted(self.evaluation.characters, key=_worst_first))
        return (
            '<h2>Characters</h2><p class="soft">Recall: of the character\'s photos, named rightly. Precision: of the '
            "faces that got this name (strangers' too), the character's. The thin line is the 95% interval.</p>"
            '<div class="scroll">'
            '<table><thead><tr><th>character<th>recall<th class="num">unknown<th class="num">precision<th>confused with'
            f'<th class="num">photos<th class="num">different<th class="num">tested</thead><tbody>{rows}</tbody>'
            "</table></div>"
        )

    def _character(self, item: CharacterResult) -> str:
        confused = ", ".join(f"{other} ({count})" for other, count in item.confusions)
        return (
            f'<tr><td><span class="who">{self._image(self.evaluation.examples[item.character])}'
            f'{_text(item.character)}</span><td>{_bar(item.recall)}<td class="num">{percent_of(item.unknown)}'
            f'<td class="num">{percent_of(item.precision)}<td>{_text(confused) or "–"}<td class="num">{item.photos}'
            f'<td class="num">{item.pictures}<td class="num">{item.tested}'
        )

    def confusions(self) -> str:
        names = [item.character for item in self.evaluation.characters]
        confused = [item for item in self.evaluation.characters if item.confusions]
        if not confused:
            return "<h2>Confusions</h2><p>No photo of the cast got another character's name.</p>"
        if len(names) > MOST_IN_MATRIX:  # only what is confused fits on a page
            names = sorted({name for item in confused for name in [item.character, *(o for o, _ in item.confusions)]})
        counts = {item.character: dict(item.confusions) for item in self.evaluation.characters}
        results = {item.character: item for item in self.evaluation.characters}
        head = "".join(f"<th>{_text(name)}" for name in names)
        body = ""
        for name in names:
            item = results[name]
            cells = "".join(
                _cell(
                    item.recall.count if other == name else counts[name].get(other, 0),
                    "hit" if other == name else "miss",
                )
                for other in names
            )
            body += f"<tr><th>{_text(name)}{cells}{_cell(item.unknown.count, 'none')}"
        return (
            '<h2>Confusions</h2><p class="soft">A row per character, a column per name given; the last column is '
            f'unknown.</p><div class="scroll"><table class="matrix"><thead><tr><th>{head}<th>unknown</thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def worst(self) -> str:
        if not self.evaluation.worst:
            return ""
        cards = "".join(self._card(item) for item in self.evaluation.worst)
        return (
            '<h2>Photos to look at</h2><p class="soft">Wrong names first, then faces that stayed unknown. Beside each '
            f'the character it was taken for, or came nearest to.</p><div class="faces">{cards}</div>'
        )

    def _card(self, item: Verdict) -> str:
        threshold = item.similarity - item.margin
        near = f"similarity {item.similarity:.2f}, {threshold:.2f} needed"
        if item.kind == "wrong":
            tag, text = "bad", f"{item.face.character}, taken for {item.best}"
        elif item.kind == "stranger":
            tag, text = "bad", f"a stranger, taken for {item.best}"
        else:
            tag = "wait"
            nearest = "" if item.best == item.face.character else f", nearest to {item.best}"
            text = f"{item.face.character}, not named{nearest}"
        file = Path(item.face.path)
        shown = f"{file.parent.name}/{file.name}"
        return (
            f'<div class="face"><span class="pair">{self._image(item.face)}'
            f"{self._image(self.evaluation.examples[item.best])}</span><span></span>"
            f'<span class="text"><span class="tag {tag}">{_text(text)}</span><br>{_text(near)}<br>'
            f'<span class="soft" title="{_text(item.face.path)}">{_text(shown)}</span></span></div>'
        )

    def method(self) -> str:
        evaluation = self.evaluation
        notes = "".join(f"<li>{_text(note)}" for note in self.report.notes)
        left_out = (
            "Each character was also left out in turn, and its photos taken as strangers'."
            if any(item.source == "cast" for item in evaluation.strangers)
            else ""
        )
        return (
            f"<h2>How this was measured</h2><p>The {count_of(evaluation.photos, 'photo')} were divided into "
            f"{count_of(evaluation.folds, 'fold')}, every character's spread over them evenly, and near-duplicates (or "
            "photos declared as one group) kept together. The photos of each fold were named by a model trained on the "
            f"others, with its own threshold; {count_of(evaluation.tested, 'photo')} could be tested so. {left_out} "
            "Intervals take into account that photos of one person are alike. A model trained on all photos is "
            "a little better than this.</p>"
            f'<p class="soft">Cast: {_text(self.report.cast or "the gallery of the project")}'
            + (f" · strangers: {_text(self.report.unknown)}" if self.report.unknown else "")
            + f" · embedder: {_text(self.report.embedder)}</p>"
            + (f'<ul class="soft">{notes}</ul>' if notes else "")
        )

    def _image(self, face: FaceFacts) -> str:
        data = self.thumbnails.of(face)
        name = face.character or "a stranger"
        if data is None:
            return '<span class="gone">gone</span>'
        return f'<img src="{data}" alt="{_text(name)}" width="88" height="88">'


def _cast_name(report: EvaluationReport) -> str:
    if report.cast is None:
        return "the project's cast"
    path = Path(report.cast)
    return path.name if path.name != "cast" or not path.parent.name else f"{path.parent.name}/{path.name}"


def _worst_first(item: CharacterResult) -> tuple[float, str]:
    return (-1.0 if item.recall.value is None else item.recall.value, item.character)


def _strangers(item: Strangers) -> str:
    return "of strangers named" if item.source == "photos" else "named when left out of the cast"


def _tile(share: Share, label: str) -> str:
    return (
        f'<div class="tile"><b>{percent_of(share)}</b><span>{_text(label)}</span>'
        f'<span class="soft">{share.count} of {share.total}<br>{interval_of(share)}</span></div>'
    )


def _bar(share: Share) -> str:
    if share.value is None or share.low is None or share.high is None:
        return '<span class="soft">not tested</span>'
    return (
        f'{percent_of(share)}<span class="bar" title="95% interval {interval_of(share)}">'
        f'<i style="width:{100 * share.value:.1f}%"></i>'
        f'<u style="left:{100 * share.low:.1f}%;width:{100 * (share.high - share.low):.1f}%"></u></span>'
    )


def _cell(count: int, style: str) -> str:
    return f'<td class="{style if count else "zero"}">{count}'


def _text(text: str) -> str:
    """Text for a page; what is not valid Unicode in a file name is written out."""
    return escape(readable(text))
