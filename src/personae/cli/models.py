"""`personae models`: known networks and their licences; `personae models fetch NAME` downloads one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from personae.cli.console import progress_bar, say, say_json, show, table


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_context
def models(ctx: click.Context, as_json: bool) -> None:
    """List every known network: licences, training data, digest, and whether it is installed."""
    if ctx.invoked_subcommand is not None:
        return
    from personae.faces.weights import NETWORKS, locate

    rows = [(network, locate(network)) for network in NETWORKS]
    if as_json:
        listed = [
            {key: value for key, value in asdict(network).items() if key != "carrier"}
            | {"installed": None if path is None else str(path)}
            for network, path in rows
        ]
        say_json(listed)
        return
    overview = table("network", "kind", "installed", "code licence", "weight licence")
    for network, path in rows:
        overview.add_row(
            network.name + (" (default)" if network.default else ""),
            network.kind,
            "no" if path is None else "yes",
            network.code_licence,
            network.weight_licence,
        )
    show(overview)
    for network, path in rows:
        commercial = " NOT FOR COMMERCIAL USE." if network.non_commercial else ""
        say(f"{network.name}: {network.training_data}{commercial}")
        say(f"  sha256 {network.sha256 or 'unknown'}")
        say(f"  from {network.origin}" + (f"; here: {path}" if path else ""))
    say()
    say("fetch one with: personae models fetch NAME; use it with --detector NAME or --embedder NAME")


@models.command()
@click.argument("name")
@click.option("--url", help="Another address to get it from; the digest is checked all the same.")
def fetch(name: str, url: str | None) -> None:
    """Download the network NAME and check its digest. This is the only command that uses the internet."""
    from personae.faces import weights

    with progress_bar() as progress:
        path: Path = weights.fetch(name, url, progress_callback=progress)
    say(f"{name}: {path}")
