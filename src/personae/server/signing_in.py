"""The page for a browser that comes without a key that counts: what this is, and how to come in. It tells nothing else.

It is sent as it stands here: the files of the page itself are for who has a key. No script runs in it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape

from starlette.responses import HTMLResponse

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 34rem; padding: 3rem 1rem; font: 1rem/1.5 system-ui, sans-serif; }
form { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: end; margin-top: 1.5rem; }
label { display: grid; flex: 1 1 16rem; gap: 0.25rem; }
input, button { font: inherit; padding: 0.35rem 0.6rem; }
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Personae</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<h1>Personae</h1>
<p>Personae names the characters in photos and films. This server is for who has a key.</p>
{said}<p>Open the address that the server printed; it has a key in it. Or type your key.</p>
<form method="get">
{asked}<label>Key <input name="token" type="password" autocomplete="off" spellcheck="false" required autofocus></label>
<button>Open</button>
</form>
</main>
</body>
</html>
"""
_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)


_ONCE_MORE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Personae</title><meta http-equiv="refresh" content="0"></head></html>
"""


def sign_in_page(
    status: int, said: str, headers: Mapping[str, str], asked: Iterable[tuple[str, str]] = ()
) -> HTMLResponse:
    """The page; `said`: why they were not let in, "" for who gave no key; `asked`: what the address has after the
    question mark, so that they come where they wanted to.
    """
    told = f'<p role="alert">{escape(said)}</p>\n' if said else ""
    kept = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n' for name, value in asked)
    text = _PAGE.format(style=_STYLE, said=told, asked=kept)
    return HTMLResponse(text, status, {**headers, "content-security-policy": _POLICY})


def once_more_page() -> HTMLResponse:
    """For who follows a link from elsewhere: browsers keep back a strict cookie then, and send it when our own page
    asks for itself.
    """
    policy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
    return HTMLResponse(_ONCE_MORE, 200, {"content-security-policy": policy})
