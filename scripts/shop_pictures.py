"""Draws the shop's pictures in docs/pictures: home, results, product, and phone by night."""

from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from aces.catalog import Catalog, load_catalog
from agents.browser import find_chromium
from experiments.station import serve, stop
from marketplace.app import create_app
from marketplace.sessions import Sessions
from marketplace.worlds import browsing_world

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SHOTS = (
    ("shop-home.png", "/", {}, WIDE),
    ("shop-results.png", "/search?q=desk+lamp", {}, WIDE),
    ("shop-product.png", "/product/velora-pulse-3", {"theme": "harbor"}, WIDE),
    ("shop-phone.png", "/category/t_shirt", {"scheme": "dark"}, PHONE),
)
"""File, page, world settings, window."""


def take(browser: Browser, catalog: Catalog) -> None:
    """Takes every picture."""
    sessions = Sessions(catalog)
    server = serve(create_app(sessions))
    base = f"http://127.0.0.1:{server.effective_port}"
    for name, path, settings, window in SHOTS:
        page = browser.new_page(viewport=window)  # type: ignore[arg-type]
        page.goto(f"{base}/enter/{sessions.admit(browsing_world(catalog, **settings))}")
        page.goto(base + path)
        page.screenshot(path=FOLDER / name)
        page.close()
    stop(server)


if __name__ == "__main__":
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(find_chromium()), args=["--no-sandbox"]
        )
        take(chromium, load_catalog("demo"))
        chromium.close()
