"""Builds documents of text, tables and pictures that are one file each."""

import base64
import html
import io
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

STYLE = """
:root { color-scheme: light dark; --grid: #ccc; --faint: #666; }
@media (prefers-color-scheme: dark) { :root { --grid: #444; --faint: #aaa; } }
body { max-width: 1000px; margin: auto; padding: 1rem;
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { border-bottom: 1px solid var(--grid); padding: 0.15rem 0.7rem;
  text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
img { max-width: 100%; background: white; border-radius: 4px; }
figure { margin: 1rem 0; } figcaption { color: var(--faint); }
code { overflow-wrap: anywhere; }
"""
TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def page(title: str, parts: Iterable[str]) -> str:
    """The text of a document.

    Args:
        title: Title of the document, text.
        parts: HTML, from the functions below.
    """
    return TEMPLATE.format(
        title=html.escape(title), style=STYLE, body="\n".join(parts)
    )


def heading(text: str) -> str:
    return f"<h2>{html.escape(text)}</h2>"


def paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def code(text: str) -> str:
    return f"<p><code>{html.escape(text)}</code></p>"


class Html(str):
    """Text that is HTML already."""


def link(target: str, text: str) -> Html:
    """A link, for a cell of a table."""
    return Html(f'<a href="{html.escape(target)}">{html.escape(text)}</a>')


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table; numbers are right-aligned.

    Args:
        header: Names of the columns; empty for none.
        rows: Cells: text, numbers or links.
    """
    head = "".join(f"<th>{html.escape(x)}</th>" for x in header)
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table>{f'<tr>{head}</tr>' if head else ''}\n{body}</table>"


def _cell(value: Any) -> str:
    if isinstance(value, Html):
        return f"<td>{value}</td>"
    text = html.escape(str(value))
    is_number = text.rstrip("%").replace(".", "", 1).isdecimal()
    return f"<td{' class=number' if is_number else ''}>{text}</td>"


def picture(figure: Figure | bytes, caption: str = "") -> str:
    """A figure, or a PNG, within the document."""
    content = figure if isinstance(figure, bytes) else png(figure)
    data = base64.b64encode(content).decode()
    text = html.escape(caption)
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{text}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def png(figure: Figure) -> bytes:
    """A figure as a picture."""
    buffer = io.BytesIO()
    # As `savefig`, which draws twice where a layout is `constrained`.
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
