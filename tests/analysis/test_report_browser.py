"""The report in a real browser: on a phone, in the dark, on paper."""

import pytest

from analysis.report import write_report

pytestmark = pytest.mark.browser

BUYERS = {
    "a-buyer-with-quite-a-long-name": {"row_1": 1.5, "log_price": -1.8, "overall_pick": 1.2},
    "thrifty": {"log_price": -4.0},
    "blind": {},
}


@pytest.fixture(scope="module")
def address(planted_runs, tmp_path_factory):
    """A report of three buyers."""
    folder = planted_runs("in-a-browser", worlds=40, buyers=BUYERS)
    path = write_report([folder], tmp_path_factory.mktemp("browser") / "report.html")
    return path.as_uri()


@pytest.fixture
def opened(chromium, address):
    """`opened(width, **options)` is the report's page; nothing may be fetched for it."""
    contexts = []

    def open_page(width, **options):
        context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        return page

    asked = []
    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_nothing_sticks_out_sideways(opened, width):
    page = opened(width)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.evaluate(
        """[...document.querySelectorAll('.matrix tbody td, .matrix tbody th, .heat li, .lines li')]
        .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
        .map(e => e.textContent)"""
    )
    assert cut == []


def test_a_phone_shows_whose_each_estimate_is(opened):
    assert opened(375).locator(".matrix .who").first.is_visible()
    assert not opened(1280).locator(".matrix .who").first.is_visible()


def test_the_dark_page_is_dark_and_paper_is_white(opened):
    ground = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('.strip circle')).fill"
    page = opened(1280, color_scheme="dark")
    dark, drawn = page.evaluate(ground), page.evaluate(ink)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.emulate_media(media="screen", color_scheme="light")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    assert dark != page.evaluate(ground)
    assert drawn != page.evaluate(ink)


def test_paper_shows_what_is_folded_and_cuts_no_row(opened):
    page = opened(720)
    folded = page.locator("#numbers details table").first
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()
    assert not page.locator("nav").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('tr')).breakInside") == "avoid"
    assert page.evaluate("document.documentElement.scrollWidth") <= 720


def test_the_first_key_leads_to_the_answer(opened):
    page = opened(1280)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the answer"
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")


def test_the_answer_stands_on_the_first_screen(opened):
    for width, height in ((1280, 800), (375, 812)):
        page = opened(width)
        box = page.locator(".headline").first.bounding_box()
        assert box["y"] + box["height"] < height


def test_a_table_is_downloaded_as_it_stands(opened):
    page = opened(1280)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    with page.expect_download() as found:
        page.locator("#numbers a[download]").first.click()
    assert found.value.suggested_filename.startswith("conditional-logit")
    assert found.value.path().read_text(encoding="utf-8").startswith("term,planted,estimate")
