"""Makes the pictures of the pages: `make pictures`.

    python -m benchmarks.pictures

Needs the model of `make demo`, its export in workdirs/pictures, Chromium, and
the results of Figure 7. What is recorded is the live page that plays one of its
generated recordings.
"""

import io
import json
import sys
from typing import Any

from PIL import Image
from playwright import sync_api

from benchmarks import programs
from datasets import synthetic
from stalstm.comparison import summary
from stalstm.show import accuracies, attention
from tests.show.browser import ARGUMENTS, CHROMIUM

DOCS = programs.ROOT / "docs"
WORKDIR = programs.ROOT / "workdirs/demo"
EXPORTED = programs.ROOT / "workdirs/pictures"
ACTION, NUMBER = "punching", 1
# Of the generated recordings: somebody pushes.
EXAMPLE = 3
SIZE = {"width": 900, "height": 880}
# Of the recording: pixels across, pictures a second, milliseconds of the last.
ACROSS, RATE, LAST = 600, 8, 2000
LARGEST = 2_000_000  # bytes


def main() -> None:
    for kind, name in (("poses", "attention"), ("joints", "joints")):
        figure = attention.draw_test_clip(WORKDIR, ACTION, NUMBER, kind)
        figure.savefig(DOCS / f"{name}.png", dpi=100)
    figure_7()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS
        )
        page = browser.new_page(viewport=SIZE)
        record_live(page)
        picture_view(page)
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


def picture_view(page: Any) -> None:
    """The page of view.py, in the middle of a recording."""
    name, data = list(synthetic.DATA_SET.generate())[EXAMPLE]
    recording = EXPORTED / name / "skeleton_pos.txt"
    recording.parent.mkdir(parents=True, exist_ok=True)
    recording.write_bytes(data)
    file = EXPORTED / "view.html"
    programs.run(
        [
            sys.executable,
            "view.py",
            f"--model={WORKDIR}",
            f"--out={file}",
            str(EXPORTED / name.partition("/")[0]),
        ]
    )
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-ready=yes]", timeout=60_000)
    page.evaluate("page.player.seek(page.player.frames / 2)")
    page.screenshot(path=DOCS / "view.png")


def record_live(page: Any) -> None:
    """The live page, while it plays a recording."""
    (file,) = EXPORTED.glob("web/synthetic/*/index.html")
    page.goto(file.as_uri())
    page.wait_for_selector("body[data-ready=yes]", timeout=60_000)
    page.get_by_label("example").select_option(str(EXAMPLE))
    page.evaluate("page.beginAnew(200)")
    frames = page.evaluate("page.example().length")
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
