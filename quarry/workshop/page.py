"""A participant's page: one file that needs nothing else, for a screen and for paper. Everything from outside is
escaped."""

from html import escape
from typing import Final
from urllib.parse import quote

_STYLE: Final = """
body { font: 11pt/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.05rem; margin: 1.4rem 0 .3rem }
pre { background: #f3f3f3; border: 1px solid #ddd; padding: .6rem; white-space: pre-wrap; overflow-wrap: anywhere }
.key { font-size: 1.1rem; font-weight: bold } p { margin: .3rem 0 }
@page { margin: 1.5cm } @media print { body { margin: 0; max-width: none } pre { break-inside: avoid } }
"""
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Quarry: {name}</title>
<style>{style}</style>
</head>
<body>
<h1>{name}</h1>
<p>You are <code>{participant_id}</code> in this workshop.</p>
<h2>Your notebook</h2>
<p>Whoever runs the workshop makes your link with this command. It opens for five minutes, and then stays open.</p>
<pre>{sign_in}</pre>
<h2>Your key</h2>
<pre class="key">{key}</pre>
<p>{about_key}</p>
{playground}<h2>What you may use</h2>
<p>{allowance}</p>
<h2>The endpoint</h2>
<pre>{base_url}</pre>
<h2>A first request, from a shell</h2>
<pre>{curl}</pre>
<h2>The same in Python (pip install openai)</h2>
<pre>{python}</pre>
</body>
</html>
"""


_PLAYGROUND: Final = """<h2>Try everything in a browser</h2>
<p><a href="{link}" rel="noreferrer">{address}</a>{about}</p>
"""


def page(
    *,
    name: str,
    participant_id: str,
    key: str,
    shown: bool,
    base_url: str,
    allowance: str,
    sign_in: str,
    curl: str,
    python: str,
    playground: str | None = None,
) -> str:
    """Return the page.

    Args:
        shown: whether ``key`` is the key or what stands in its place.
        playground: address of the playground, if there is one. Its link has the key, in the part of an address that a
            browser sends to nobody.
    """
    about_key = (
        "Your notebook has it already. It is yours alone, is printed this once, and ends with the workshop."
        if shown
        else "An earlier handout shows it, and your notebook has it. Ask for a new one if it is lost."
    )
    values = {
        "name": name,
        "participant_id": participant_id,
        "key": key,
        "about_key": about_key,
        "base_url": base_url,
        "allowance": allowance,
        "sign_in": sign_in,
        "curl": curl,
        "python": python,
    }
    linked = _playground(playground, key if shown else None)
    return _PAGE.format(style=_STYLE, playground=linked, **{field: escape(value) for field, value in values.items()})


def _playground(address: str | None, key: str | None) -> str:
    if address is None:
        return ""
    link = f"{address}#key={quote(key, safe='')}" if key else address
    about = "; the link has your key." if key else ", which asks for your key."
    return _PLAYGROUND.format(link=escape(link), address=escape(address), about=about)
