"""`personae demo`: the whole path on public-domain photos that come with pip packages."""

from __future__ import annotations

from pathlib import Path

import click

from personae.cli.console import say, show, table


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("personae-demo"),
    help="Folder for photos, annotated copies and results.  [default: ./personae-demo]",
)
def demo(out: Path) -> int:
    """Enrol two people from one photo each, then identify altered copies and a group. Asks nothing, opens nothing.

    Exit status 1 means that somebody was named wrongly.
    """
    say("Altered copies of the enrolled photos show that the path works, not how accurate it is.")
    say()
    from personae.demo import run

    outcomes = run(out)
    rows = table("picture", "should be", "found", "similarity>", "")
    for outcome in outcomes:
        rows.add_row(
            outcome.picture,
            _names(outcome.expected),
            _names(outcome.found),
            ", ".join(f"{value:.2f}" for value in outcome.similarity),
            "right" if outcome.right else "WRONG",
        )
    show(rows)
    right = sum(outcome.right for outcome in outcomes)
    say(f"{right} of {len(outcomes)} pictures right. Results in {out.absolute()}:")
    say("  annotated/ and annotated-only-hopper/  pictures with boxes and names")
    say("  results.json                           the table above")
    return 0 if right == len(outcomes) else 1


def _names(names: tuple[str | None, ...]) -> str:
    return ", ".join(name or "unknown" for name in names) or "nobody"
