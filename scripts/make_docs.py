"""Write the generated parts of the documentation: docs/commands.md, docs/settings.md and docs/routes.md.

python scripts/make_docs.py            (a test holds that the files are up to date)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from personae.cli import cli
from personae.server.app import document_of_routes
from personae.server.openapi import operations
from personae.server.roles import MAY
from personae.settings import SETTINGS_FILE, TABLE

DOCS = Path(__file__).parent.parent / "docs"
_EXIT_STATUS = """## Exit status

0: all done. 1: some inputs failed (each is named, the others are done), `doctor` or `demo` found something wrong, or
standard output could not be written to its end (a full disk; what was written to files is whole). 2: wrong use, or
nothing could be done, as where memory ran out. 70: a fault of Personae itself (`personae --verbose ...` shows where).
130: interrupted.
"""
_OUTPUT = """## Output

Results go to standard output; progress, notes and errors to standard error: a bar on a terminal, elsewhere a line every
10 seconds (not with `--json`, nor with `--progress none`). Letters that the encoding lacks are shown as escapes
(`\\u5c71`), and so are control characters, line breaks and signs that cannot be seen in names and paths (`\\n`,
`\\x1b`, `\\u202e`). JSON is always UTF-8. A closed stream stops no work.
"""


def commands() -> str:
    parts = ["# Commands\n\nGenerated from the commands' own help.\n"]
    root = click.Context(cli, info_name="personae", **cli.context_settings)
    parts.append(_section("personae", cli.get_help(root)))
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=root)
        parts.append(_section(f"personae {name}", command.get_help(context)))
        if isinstance(command, click.Group):
            for inner_name, inner in command.commands.items():
                inner_context = click.Context(inner, info_name=inner_name, parent=context)
                parts.append(_section(f"personae {name} {inner_name}", inner.get_help(inner_context)))
    parts += [_EXIT_STATUS, _OUTPUT]
    return "\n".join(parts)


def settings() -> str:
    lines = [
        "# Settings",
        "",
        f"Looked up in this order: the command-line option, the environment variable, `{SETTINGS_FILE}` in the project "
        "folder, the default. Generated from the table in `personae/settings.py`.",
        "",
        "A value of another type or out of its range is refused by name. The lines of the file may stand under "
        "`[personae]`, and the file may begin with a byte order mark.",
        "",
        "| setting | environment | default | unit | range | meaning |",
        "|---|---|---|---|---|---|",
    ]
    for row in TABLE:
        bounds = ", ".join(row.choices) or " to ".join(
            "" if bound is None else f"{bound:g}" for bound in (row.minimum, row.maximum)
        )
        cells = (f"`{row.name}`", f"`{row.environment}`", f"`{row.default}`", row.unit, bounds, row.help)
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    lines += ["", f"```toml\n# {SETTINGS_FILE}\nfar = 0.005\nmax_clusters = 2\n```", ""]
    return "\n".join(lines)


def routes() -> str:
    """Every route of the service, by part."""
    parts: dict[str, list[str]] = {}
    for where, operation in operations(document_of_routes()):
        role = MAY.get(operation["operationId"], "nobody: needs no key")
        cells = (f"`{where}`", role, _given(operation), " ".join(operation["description"].split()))
        parts.setdefault(operation["tags"][0], []).append("| " + " | ".join(cells).replace("\n", " ") + " |")
    lines = [
        "# Routes",
        "",
        "Generated from the service's OpenAPI document, which a running server gives at `/api/v1/openapi.json`. What "
        "is the same for all of them (keys, errors, pages, requests sent twice) is in [the service](service.md).",
    ]
    for tag, rows in parts.items():
        lines += ["", f"## {tag}", "", "| route | role | takes | what it does |", "|---|---|---|---|", *rows]
    return "\n".join([*lines, ""])


def _given(operation: dict[str, Any]) -> str:
    """What a route takes besides ids: its parameters, and whether it has a body."""
    names = [f"`{one['name']}`" for one in operation.get("parameters", []) if one["in"] == "query"]
    content = operation.get("requestBody", {}).get("content", {})
    kinds = {"application/json": "JSON", "multipart/form-data": "a form"}
    return ", ".join([*names, *(kinds.get(kind, kind) for kind in content)])


def _section(title: str, text: str) -> str:
    return f"## `{title}`\n\n```text\n{text}\n```\n"


def main() -> None:
    (DOCS / "commands.md").write_text(commands(), encoding="utf-8")
    (DOCS / "settings.md").write_text(settings(), encoding="utf-8")
    (DOCS / "routes.md").write_text(routes(), encoding="utf-8")


if __name__ == "__main__":
    main()
