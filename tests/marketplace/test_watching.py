"""People bring browsers of their own: a script tells what lay in their window, where asked to."""

import json

import pytest

from marketplace.views.rendering import POLICY


@pytest.fixture
def watched(make_world):
    return make_world(8).model_copy(update={"watch": True})


def report(visitor, content):
    return visitor.client.post("/seen", data=content)


def test_only_a_watched_world_loads_the_script(visit, watched):
    plain = visit().client.get("/search?q=x")
    assert "<script src" not in plain.text
    assert plain.headers["Content-Security-Policy"] == POLICY
    page = visit(watched).client.get("/search?q=x")
    assert page.text.count("<script src=") == 1
    policy = page.headers["Content-Security-Policy"]
    assert policy == POLICY.replace("script-src 'none'", "script-src 'self'")
    assert not any(name.startswith("X-W") for name, _ in page.headers)
    assert report(visit(), "{}").status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"path": "/", "seconds": -1, "deepest": 0, "listings": {}}',
        '{"path": "/", "seconds": 1, "deepest": 0, "listings": {"p1": "x"}}',
        '{"path": "/", "seconds": NaN, "deepest": 0, "listings": {}}',
        '{"path": "/", "seconds": 1e9, "deepest": 0, "listings": []}',
    ],
)
def test_nonsense_is_refused(visit, log, watched, content):
    visitor = visit(watched)
    assert report(visitor, content).status_code == 400
    assert log(visitor, "viewport") == []


def test_products_that_are_not_sold_are_left_out(visit, log, watched):
    visitor = visit(watched)
    told = {"path": "/", "seconds": 1, "deepest": 0, "listings": {"p1": 0.5, "nothing": 1}}
    assert report(visitor, json.dumps(told)).status_code == 204
    assert log(visitor, "viewport") == [{"listings": ["p1"], "each": [0.5], "seconds": 1.0}]


@pytest.mark.browser
def test_a_browser_reports_what_lay_in_its_window(chromium, address, sessions, watched):
    token = sessions.admit(watched)
    page = chromium.new_page(viewport={"width": 1280, "height": 760})
    page.goto(f"{address}/enter/{token}")
    page.wait_for_timeout(800)
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(1000)
    page.get_by_role("link", name="Brand6 Full-Strip Stapler").first.click()
    page.wait_for_url("**/product/p6")
    page.wait_for_timeout(200)
    events = [e for e in sessions.get(token).events if e.kind in ("viewport", "scroll")]
    page.close()
    seen = events[0]
    assert (seen.kind, seen.page) == ("viewport", "results")
    seconds = dict(zip(seen.data["listings"], seen.data["each"], strict=True))
    assert {"p1", "p5"} <= set(seconds)
    assert 0.05 < seconds["p1"] < seen.data["seconds"]
    assert events[1].kind == "scroll"
    assert events[1].data["pixels"] > 100
