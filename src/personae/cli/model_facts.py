"""What a model's card says about how well it tells the characters apart, in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from personae.cli.console import say, show, table
from personae.types import count_of

_MEASURES = {
    "intra_character_similarity": ("likeness within a character", "mean cosine of two photos of one character"),
    "inter_character_similarity": ("likeness between characters", "mean cosine of photos of two characters"),
    "discrimination_ratio": ("discrimination ratio", "the first over the second, as (1 + cosine); higher is better"),
    "separation_index": ("d'", "distance of the two in standard deviations; higher is better"),
    "roc_auc": ("area under the ROC curve", "chance that a pair of one character is the more alike"),
    "equal_error_rate": ("equal error rate", "false accepts = false rejects, photo against photo"),
}


def cast_counts(characters: Collection[str], without_photos: Collection[str]) -> str:
    """How many characters a cast has, those without photos apart. `characters`: all or only those with photos."""
    count, without = len({*characters, *without_photos}), sorted(without_photos)
    listed = ", ".join(without[:10]) + (f" and {len(without) - 10} more" if len(without) > 10 else "")
    return f"{count_of(count, 'character')}, {len(without)} of them without photos: {listed}"


def print_metrics(card: dict[str, Any]) -> None:
    """The measures of a model's card, a line each, with what cannot be measured and why."""
    metrics = card["metrics"]
    say(f"characters  {metrics['n_characters']}, with {metrics['n_embeddings']} photos")
    rows = table("measure", "value>", "")
    for name, (words, meaning) in _MEASURES.items():
        value = metrics[name]
        missing = value is None
        rows.add_row(
            words, "-" if missing else f"{value:.3f}", metrics["notes"].get(name, meaning) if missing else meaning
        )
    head = card.get("head", {"text": "prototypes", "compared": {}})
    rows.add_row("head", head["text"], "decides between the characters a face may be")
    point = card["operating_point"]
    given = "" if point["fitted"] else " (given by hand)"
    rows.add_row("threshold", f"{point['threshold']:.3f}", f"about {point['far']:.2%} of strangers get a name{given}")
    show(rows)
    say("Whatever the threshold, a face whose confidence is below 50% gets no name.")
    if len(head["compared"]) > 1:
        best_first = sorted(head["compared"].items(), key=lambda item: -item[1])
        shares = ", ".join(f"{name} {share:.1%}" for name, share in best_first)
        say(f"of {head['photos']} photos left out in turn, the heads put to the right character: {shares}")
