"""Opens pages in a headless Chromium, where one is installed."""

import pathlib
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# WebGL in software, as a machine without a screen has it.
ARGUMENTS = ["--no-sandbox", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser without a network; the test skips where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: make chromium, or apt-get install chromium")
    from playwright import sync_api

    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium) -> Iterator[Callable[[pathlib.Path], Any]]:
    """`open_page(path)` loads a page from disk and waits until it has begun.

    When the test ends, the page must have said nothing that is an error, and
    must not have asked for anything but itself.
    """
    context = chromium.new_context(viewport={"width": 1000, "height": 900})
    errors, requests = [], []

    def open_page(path: pathlib.Path):
        page = context.new_page()
        page.on(
            "console",
            lambda x: errors.append(x.text) if x.type == "error" else None,
        )
        page.on("pageerror", lambda x: errors.append(str(x)))
        page.on("request", lambda x: requests.append(x.url))
        page.goto(path.absolute().as_uri())
        page.wait_for_selector("body[data-ready=yes]", timeout=60_000)
        return page

    yield open_page
    context.close()
    assert not errors
    outside = [x for x in requests if not x.startswith(("blob:", "data:"))]
    assert all(x.startswith("file://") for x in outside), outside
    assert len(outside) == len(set(outside))


def until(page: Any, expression: str) -> None:
    """Waits until it is true; for a minute, then the page hangs.

    Playwright's own way would need `eval`, which the pages do not allow.
    """
    end = time.monotonic() + 60
    while not page.evaluate(expression):
        assert time.monotonic() < end, page.locator("body").inner_text()
        page.wait_for_timeout(20)
