"""Makes the pictures of the pages: `make pictures`.

    python -m benchmarks.pictures

Needs the model of `make demo`, its export in workdirs/pictures, Chromium, and
the results of Figure 7. What is recorded is the live page that plays one of its
generated recordings.
"""

import io
import json
from typing import Any

from PIL import Image
from playwright import sync_api

from benchmarks import programs
from stalstm.comparison import summary
from stalstm.show import accuracies, attention
from tests.show.browser import ARGUMENTS, CHROMIUM

DOCS = programs.ROOT / "docs"
WORKDIR = programs.ROOT / "workdirs/demo"
EXPORTED = programs.ROOT / "workdirs/pictures"
CLIP = {"action": "punching", "number": 3}
SIZE = {"width": 900, "height": 860}
# Of the recording: pixels across, pictures a second, milliseconds of the last.
ACROSS, RATE, LAST = 600, 8, 2000
LARGEST = 2_000_000  # bytes


def main() -> None:
    for kind, name in (("poses", "attention"), ("joints", "joints")):
        figure = attention.draw_test_clip(WORKDIR, **CLIP, kind=kind)
        figure.savefig(DOCS / f"{name}.png", dpi=100)
    figure_7()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS
        )
        page = browser.new_page(viewport=SIZE)
        record_live(page)
        page.screenshot(path=DOCS / "view.png")
        browser.close()


def figure_7() -> None:
    """Bars of the paper's Figure 7."""
    path = programs.RESULTS / "sbu_figure_7.json"
    result = json.loads(path.read_text())
    rows = [x for x in result["rows"] if x["runs"]]
    figure = accuracies.draw(
        [x["name"] for x in rows],
        [
            summary.by_seed(x["runs"], result["protocols"], "accuracy")
            for x in rows
        ],
        [published(x) for x in rows],
    )
    figure.savefig(DOCS / "figure_7.png", dpi=100)


def published(row: dict[str, Any]) -> float | None:
    """The accuracy that the paper has for a row."""
    values = [v for k, v in row["published"].items() if k.startswith("sbu")]
    return float(values[0]) / 100 if values else None


def record_live(page: Any) -> None:
    """The live page, while it plays a recording."""
    (file,) = EXPORTED.glob("web/synthetic/*/index.html")
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-ready=yes]", timeout=60_000)
    page.get_by_label("example").select_option("3")
    page.evaluate("page.beginAnew(200)")
    frames = page.evaluate("page.data.clips[3].frames")
    pictures = []
    for number in range(frames):
        page.evaluate("(n) => page.push(page.example()[n])", number)
        picture = Image.open(io.BytesIO(page.screenshot()))
        height = picture.height * ACROSS // picture.width
        pictures.append(picture.convert("RGB").resize((ACROSS, height)))
    page.evaluate("page.push(null)")
    path = DOCS / "live.webp"
    durations = [1000 // RATE] * (frames - 1) + [LAST]
    pictures[0].save(
        path,
        save_all=True,
        append_images=pictures[1:],
        duration=durations,
        loop=0,
        quality=60,
        method=6,
    )
    size = path.stat().st_size
    assert size < LARGEST, f"{path}: {size:,} bytes"


if __name__ == "__main__":
    main()
