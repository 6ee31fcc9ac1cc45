"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agents.browser import find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Without partial raster a page has one set of pixels; with it, edges vary in one load of ten.
BROWSER_FLAGS = ["--no-sandbox", "--disable-partial-raster"]
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data, which is not part of the project."""
    folder = Path(os.environ.get("ACES_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}; set ACES_SHARED")
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """One browser for a module: Playwright's loop must not outlive it in this thread."""
    from playwright.sync_api import sync_playwright

    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium; see `aces doctor`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        yield browser
        browser.close()
