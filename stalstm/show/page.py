"""Builds pages that are one file each, and load nothing from a network.

The modules of a page, ours in `web/` and the libraries in `web/vendor/`, travel
compressed within it. `web/boot.js` unpacks them and starts the page's main
module; that finds its data in the element `data`.
"""

import base64
import gzip
import html
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from stalstm import files

WEB = pathlib.Path(__file__).parent / "web"
# By the names that modules import them by.
LIBRARIES = {
    "@litertjs/core": "vendor/litert.js.gz",
    "@litertjs/wasm-utils": "vendor/litert_wasm_utils.js.gz",
    "three-core": "vendor/three.core.js.gz",
    "three": "vendor/three.module.js.gz",
    "three/addons/controls/OrbitControls.js": "vendor/OrbitControls.js.gz",
    "uplot": "vendor/uPlot.esm.js.gz",
}
# A module that is unpacked in a page has no neighbours.
RENAMED = {"three": ("'./three.core.js'", "'three-core'")}
# Modules of the page of `view.py`.
VIEW = ("view", "viewer", "player", "charts", "clip", "colors", "dom")
# Libraries of every page that draws clips.
VIEWER = (
    "three-core",
    "three",
    "three/addons/controls/OrbitControls.js",
    "uplot",
)
# Nothing in a page, nor what somebody puts into its data, can call anybody.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:"
)
TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>{style}</style>
</head>
<body data-main="{main}">
<header><h1>{title}</h1></header>
<main></main>
<script type="text/plain" id="data">{data}</script>
{scripts}
<script>{boot}</script>
</body>
</html>
"""


def write(
    path: pathlib.Path,
    title: str,
    main: str,
    data: Any,
    modules: Sequence[str],
    assets: Mapping[str, bytes] | None = None,
    libraries: Sequence[str] = VIEWER,
    policy: str = POLICY,
) -> None:
    """Writes a page.

    Args:
        path: The file; its folder is made.
        title: Title of the page.
        main: Name of the module that the page starts, one of `modules`.
        data: JSON values for it.
        modules: Names of our modules, files of `web/` without `.js`.
        assets: Further files, compressed by gzip, by the names that the main
            module asks for.
        libraries: Names of the libraries that the modules import.
        policy: Content security policy.

    Raises:
        OSError: It cannot be written.
    """
    scripts = {name: _library(name) for name in libraries}
    for name in modules:
        scripts[f"stalstm/{name}"] = (WEB / f"{name}.js").read_bytes()
    plots = gzip.decompress((WEB / "vendor/uPlot.min.css.gz").read_bytes())
    style = plots.decode() + (WEB / "page.css").read_text(encoding="utf-8")
    script = '<script type="text/plain" data-{}="{}">{}</script>'
    parts = [("module", name, packed(x)) for name, x in scripts.items()]
    parts += [("asset", name, _text(x)) for name, x in (assets or {}).items()]
    text = TEMPLATE.format(
        policy=policy,
        title=html.escape(title),
        style=style,
        main=f"stalstm/{main}",
        data=packed(json.dumps(data, allow_nan=False).encode()),
        scripts="\n".join(script.format(*part) for part in parts),
        boot=(WEB / "boot.js").read_text(encoding="utf-8"),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(path, text)


def packed(data: bytes) -> str:
    """Bytes for a page: gzip, in base64. `web/boot.js` unpacks them."""
    return _text(gzip.compress(data, mtime=0))


def _text(compressed: bytes) -> str:
    return base64.b64encode(compressed).decode()


def _library(name: str) -> bytes:
    """A library's module, that imports others by their names in a page."""
    data = gzip.decompress((WEB / LIBRARIES[name]).read_bytes())
    if name in RENAMED:
        old, new = (x.encode() for x in RENAMED[name])
        assert old in data, f"{name} does not import {old.decode()}"
        data = data.replace(old, new)
    return data
