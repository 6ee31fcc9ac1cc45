"""What all tests share."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from hypothesis import settings
from werkzeug.serving import WSGIRequestHandler, make_server

from agents.browser import find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The same examples every time, so that a landing does not depend on luck;
# HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("explore")
settings.register_profile("fixed", derandomize=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

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


class Quiet(WSGIRequestHandler):
    """Answers without a line in the log for every picture."""

    def log_request(self, *_: object) -> None:
        pass


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serves an application on a port of its own and yields its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[Flask], str]]:
    """Serves applications until the module ends: `serve(app)` returns the address."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))
