"""A person who browses may change how the shop looks; a trial's shopper may not."""

import re

import pytest

from aces.catalog import load_catalog
from marketplace.app import create_app
from marketplace.sessions import Sessions
from marketplace.worlds import browsing_world

CATALOG = load_catalog("demo")


@pytest.fixture
def browsing():
    sessions = Sessions(CATALOG)
    client = create_app(sessions).test_client()
    client.get(f"/enter/{sessions.admit(browsing_world(CATALOG))}")
    return client


def look_of(client, path="/category/stapler"):
    return re.search(r'<html[^>]* class="([^"]*)"', client.get(path).text)[1]


def test_the_look_changes_and_one_is_back_where_one_was(browsing):
    assert look_of(browsing) == "theme-marigold density-comfortable layout-grid scheme-auto"
    back = "/category/stapler?sort=price_asc"
    wanted = {"theme": "harbor", "density": "compact", "layout": "list", "scheme": "dark"}
    answer = browsing.post("/look", data={**wanted, "back": back})
    assert (answer.status_code, answer.location) == (303, back)
    assert look_of(browsing) == "theme-harbor density-compact layout-list scheme-dark"
    assert "--columns:1" in browsing.get(back).text
    browsing.post("/look", data={"layout": "grid", "theme": "nonsense"})
    assert look_of(browsing) == "theme-harbor density-compact layout-grid scheme-dark"


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "//elsewhere.example", "/\\else"])
def test_nobody_is_sent_elsewhere(browsing, back):
    assert browsing.post("/look", data={"back": back}).location == "/"


def test_a_trial_has_no_such_thing(visit):
    shopper = visit()
    assert "/look" not in shopper.page("/search?q=stapler")
    assert shopper.client.post("/look", data={"theme": "harbor"}).status_code == 404
