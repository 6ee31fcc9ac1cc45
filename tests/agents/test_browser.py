"""The browser reaches the shop and nothing else, and remembers nothing from trial to trial."""

import asyncio
import contextlib
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from aces.errors import BrowserError
from aces.types import AddToCart, Click, OpenListing, Scroll, Type, Viewport
from agents import browser as module
from agents.browser import Browser, find_chromium

NEEDS_ONE = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium; see `aces doctor`"),
]


def needs_chromium(test):
    for mark in NEEDS_ONE:
        test = mark(test)
    return test


# -- finding one ----------------------------------------------------------------------------


@pytest.fixture
def no_browser(monkeypatch, tmp_path):
    monkeypatch.delenv("ACES_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    return tmp_path


def program(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    return path


def test_without_a_browser_one_is_told_how_to_get_one(no_browser):
    assert find_chromium() is None
    with pytest.raises(BrowserError, match=r"No Chromium was found.*playwright install"):
        asyncio.run(Browser("http://127.0.0.1:9").start())


def test_the_order_in_which_one_looks(no_browser, monkeypatch):
    downloaded = program(no_browser / "chromium_headless_shell-1" / "linux" / "headless_shell")
    assert find_chromium() == downloaded
    windowed = program(no_browser / "chromium")
    assert find_chromium() == find_chromium(headed=True) == windowed
    shell = program(no_browser / "chromium-headless-shell")
    assert find_chromium() == shell
    assert find_chromium(headed=True) == windowed
    chosen = program(no_browser / "mine")
    monkeypatch.setenv("ACES_CHROMIUM", str(chosen))
    assert find_chromium() == find_chromium(headed=True) == chosen


def test_a_chosen_browser_that_is_none(no_browser, monkeypatch):
    monkeypatch.setenv("ACES_CHROMIUM", str(no_browser / "nothing"))
    with pytest.raises(BrowserError, match="nothing: no such program"):
        find_chromium()
    monkeypatch.setenv("ACES_CHROMIUM", str(program(no_browser / "broken")))
    with pytest.raises(BrowserError, match="broken does not start"):
        asyncio.run(Browser("http://127.0.0.1:9").start())


# -- reaching the shop only -----------------------------------------------------------------


class Elsewhere(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self):
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def elsewhere():
    """Another server on this machine, and what was asked of it."""
    handler = type("Handler", (Elsewhere,), {"asked": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", handler.asked
    server.shutdown()
    server.server_close()


@needs_chromium
@pytest.mark.parametrize(
    "attempt",
    [
        "location = 'http://{}/page'",
        "location = 'http://localhost:{port}/page'",
        "document.body.innerHTML = '<img src=\"http://{}/picture.png\">'",
        "document.body.innerHTML = '<iframe src=\"http://{}/frame\"></iframe>'",
        "document.body.innerHTML = '<link rel=stylesheet href=\"//{}/style.css\">'",
        "fetch('http://{}/data', {mode: 'no-cors'}).catch(() => 0)",
        "open('http://{}/window')",
        "new WebSocket('ws://{}/socket')",
        "location = 'https://example.com/'",
        "location = 'http://192.0.2.1/'",
    ],
)
@pytest.mark.parametrize("reuse", [True, False])
def test_nothing_but_the_shop_is_reached(lab, elsewhere, attempt, reuse):
    address, asked = elsewhere
    script = attempt.replace("{}", address).replace("{port}", address.partition(":")[2])

    async def go():
        async with lab.browser.fresh_tab(Viewport(), reuse=reuse) as tab:
            # a bare page of the shop's origin, without its policy, so that the wall alone stands
            await tab.page.route(
                "**/bare", lambda r: r.fulfill(body="<body>", content_type="text/html")
            )
            await tab.page.goto(f"{lab.url}/bare")
            await tab.page.evaluate(f"() => {{ {script} }}")
            for _ in range(40):
                await asyncio.sleep(0.05)
                if tab.blocked:
                    break
            await tab.page.unroute_all()
            return tab.blocked

    blocked = lab.run(go())
    assert asked == []
    assert blocked > 0 or "WebSocket" in attempt or "open(" in attempt


@needs_chromium
def test_the_shop_itself_is_reached(lab, make_world):
    journey = lab.visit(make_world(), "html", OpenListing(product_id="p1"))
    assert journey.errors == [None]


# -- remembering nothing --------------------------------------------------------------------

PLANT = """async () => {
    document.cookie = 'planted=1; path=/; max-age=9999';
    localStorage.setItem('planted', 1);
    sessionStorage.setItem('planted', 1);
    window.name = 'planted';
    await new Promise(done => {
        const asked = indexedDB.open('planted');
        asked.onupgradeneeded = () => asked.result.createObjectStore('s').put(1, 1);
        asked.onsuccess = () => { asked.result.close(); done(); };
    });
    const cache = await caches.open('planted');
    await cache.put('/planted', new Response('planted'));
    for (let i = 0; i < 5; i++) history.pushState({planted: i}, '', '/search?q=planted' + i);
    document.querySelector('[name=q]').value = 'planted';
    document.querySelector('[name=q]').focus();
    scrollTo(0, 500);
    open('/search?q=planted');
}"""
FIND = """async () => ({
    cookie: document.cookie,
    local: localStorage.length,
    session: sessionStorage.length,
    name: window.name,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    state: history.state,
    back: history.length > 2,
    scroll: scrollY,
    typed: document.querySelector('[name=q]').value,
    focus: document.activeElement.tagName,
    hover: [...document.querySelectorAll('main :hover')].length,
    opener: window.opener,
    controller: navigator.serviceWorker ? navigator.serviceWorker.controller : null,
})"""
CLEAN = {
    "cookie": "",
    "local": 0,
    "session": 0,
    "name": "",
    "databases": 0,
    "caches": 0,
    "state": None,
    "back": False,
    "scroll": 0,
    "typed": "red stapler",
    "focus": "BODY",
    "hover": 0,
    "opener": None,
    "controller": None,
}


async def enter(lab, tab, world):
    token = lab.sessions.admit(world)
    await tab.page.goto(f"{lab.url}/enter/{token}")
    return token


@needs_chromium
@pytest.mark.parametrize("reuse", [True, False])
def test_every_visit_starts_without_a_trace(lab, make_world, reuse):
    world = make_world()

    async def go():
        async with lab.browser.fresh_tab(Viewport(), reuse=reuse) as tab:
            first_token = await enter(lab, tab, world)
            first = await tab.page.evaluate(FIND)
            await tab.page.evaluate(PLANT)
            await tab.page.mouse.move(400, 400)
            await tab.page.wait_for_timeout(100)
            planted = await tab.page.evaluate(FIND)
            pages = len(tab.page.context.pages)
        async with lab.browser.fresh_tab(Viewport(), reuse=reuse) as tab:
            token = await enter(lab, tab, world)
            cookies = await tab.page.context.cookies()
            found = await tab.page.evaluate(FIND)
            assert len(tab.page.context.pages) == 1
            await tab.page.evaluate("() => { setTimeout(() => history.back(), 0); }")
            await tab.page.wait_for_timeout(100)
            behind = tab.page.url
        return first_token, first, planted, pages, token, cookies, found, behind

    first_token, first, planted, pages, token, cookies, found, behind = lab.run(go())
    assert first == CLEAN
    # the adversary: all of it was there to be found
    clean = {name for name in CLEAN if planted[name] == CLEAN[name]}
    assert clean <= {"hover", "opener", "controller", "scroll"}
    assert pages == 2
    assert found == CLEAN
    assert [(cookie["name"], cookie["value"]) for cookie in cookies] == [("session", token)]
    assert first_token != token
    assert "planted" not in behind
    assert re.fullmatch(rf"about:blank|{lab.url}/search\?q=red\+stapler", behind)


@needs_chromium
@pytest.mark.parametrize("isolation", ["reuse", "context"])
def test_the_same_world_has_the_same_pixels_whatever_came_before(lab, make_world, isolation):
    world = make_world(p2={"stock": 2, "list_price_cents": 9999})

    def pixels(*actions):
        return lab.visit(world, "screenshot", *actions, isolation=isolation).seen[0].screenshot

    first = pixels(Scroll(pixels=300), Type(text="something else", submit=False))
    assert pixels(Click(x=400, y=400)) == first
    assert pixels(AddToCart(product_id="p7")) == first
    assert pixels(OpenListing(product_id="p8")) == first
    assert pixels() == first


@needs_chromium
def test_a_page_that_failed_is_not_used_again(lab, make_world):
    tabs = []

    async def fail():
        async with lab.browser.fresh_tab(Viewport(), reuse=True) as tab:
            tabs.append(tab)
            await enter(lab, tab, make_world())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lab.run(fail())
    assert tabs[0].page.is_closed()


@needs_chromium
def test_contexts_are_renewed_and_few_are_kept(lab, monkeypatch):
    monkeypatch.setattr(module, "MAX_USES", 3)
    monkeypatch.setattr(module, "MAX_IDLE", 1)
    window = Viewport(width=640, height=480)

    async def use(count):
        async with contextlib.AsyncExitStack() as stack:
            visits = [lab.browser.fresh_tab(window, reuse=True) for _ in range(count)]
            return [(await stack.enter_async_context(visit)).page for visit in visits]

    first, *others = lab.run(use(3))
    assert sum(page.is_closed() for page in (first, *others)) == 2
    kept = next(page for page in (first, *others) if not page.is_closed())
    assert lab.run(use(1)) == [kept]
    assert lab.run(use(1)) == [kept]
    assert kept.is_closed()
    assert lab.run(use(1)) != [kept]


@needs_chromium
def test_two_visits_side_by_side_do_not_meet(lab, make_world):
    async def go():
        async with (
            lab.browser.fresh_tab(Viewport(), reuse=True) as one,
            lab.browser.fresh_tab(Viewport(), reuse=True) as other,
        ):
            assert one.page.context != other.page.context
            tokens = [await enter(lab, tab, make_world()) for tab in (one, other)]
            cookies = [await tab.page.context.cookies() for tab in (one, other)]
        return tokens, [cookie["value"] for (cookie,) in cookies]

    tokens, values = lab.run(go())
    assert values == tokens


@needs_chromium
def test_what_decides_the_pixels_is_known(lab):
    facts = lab.run(lab.browser.facts())
    assert re.fullmatch(r"\d+(\.\d+)+", facts["browser"])
    assert facts["fonts"]
    assert (facts["locale"], facts["time_zone"]) == ("en-US", "UTC")
    assert module.LOCALE == "en-US"
