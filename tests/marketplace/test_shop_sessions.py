"""Sessions: who is inside, what they did, and that nobody meets anybody else."""

import re
import threading

import pytest

from marketplace.items import Item
from marketplace.sessions import RefusalError, Session, order_id


def test_thousands_of_sessions_never_cross(app, sessions, make_world):
    client = app.test_client()
    tokens = [
        sessions.admit(make_world(2, {1: {"title": f"Only for {n}", "price_cents": 100 + n}}, k=n))
        for n in range(2000)
    ]
    assert len(set(tokens)) == len(sessions) == 2000
    for token in tokens:  # everyone has something in the cart before anyone looks
        sessions.get(token).add("p1")
    for n in range(0, 2000, 19):
        bearer = {"Authorization": f"Bearer {tokens[n]}"}
        found = client.get("/api/search?q=x", headers=bearer).get_json()
        assert found["results"][0]["title"] == f"Only for {n}"
        cart = client.get("/api/cart", headers=bearer).get_json()
        assert cart["subtotal"] == f"{1 + n / 100:.2f}"
        client.set_cookie("session", tokens[n])
        seen = re.findall(r"Only for \d+", client.get("/cart").text)
        assert set(seen) == {f"Only for {n}"}
        closed = sessions.close(tokens[n])
        assert [event.kind for event in closed.events] == ["cart_add", "search"]
        assert client.get("/api/cart", headers=bearer).status_code == 401
    assert len(sessions) == 2000 - len(range(0, 2000, 19))


@pytest.mark.parametrize("path", ["/", "/search?q=x", "/product/p1", "/cart", "/checkout"])
def test_strangers_see_nothing(app, sessions, make_world, path):
    sessions.admit(make_world())
    client = app.test_client()
    for token in ("", "wrong", "é" * 9):
        client.set_cookie("session", token)
        response = client.get(path)
        assert response.status_code == 401
        assert "Stapler" not in response.text
    for header in ("", "Bearer", "Bearer wrong", "Basic x"):
        response = client.get("/api/search?q=x", headers={"Authorization": header})
        assert response.status_code == 401
        assert set(response.get_json()) == {"error"}
    assert client.get("/enter/wrong").status_code == 404


def test_tokens_open_the_door_and_stay_off_the_pages(app, sessions, make_world):
    token = sessions.admit(make_world())
    response = app.test_client().get(f"/enter/{token}")
    assert (response.status_code, response.headers["Location"]) == (303, "/search?q=stapler")
    cookie = response.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert len(token) >= 43
    assert token not in repr(sessions.get(token))


def test_the_log_tells_the_visit_in_order(visit, sessions, log):
    visitor = visit()
    visitor.page("/search?q=stapler")
    visitor.page("/product/p3")
    visitor.post("/cart", product_id="p3")
    visitor.post("/cart/p3/remove")
    visitor.page("/search?q=cheap+stapler")
    visitor.post("/cart", product_id="p2")
    visitor.page("/checkout")
    order = visitor.post("/orders", number=1).rpartition("/")[2]
    session = sessions.close(visitor.bearer["Authorization"].removeprefix("Bearer "))
    shown = [f"p{n}" for n in range(1, 9)]
    found = {"results": shown, "page": 1, "total": 8, "filters": {}, "sort": "relevance"}
    similar = session.events[2].data["similar"]
    assert len(similar) == 6
    assert set(similar) < set(shown) - {"p3"}
    items = [{"product_id": "p2", "units": 1, "price_cents": 2099}]
    sums = {"discount_cents": 0, "shipping_cents": 0, "total_cents": 2099}
    sums |= {"coupon": "", "delivery": "standard"}
    assert [(event.kind, event.page, event.data) for event in session.events] == [
        ("enter", "other", {}),
        ("search", "results", {"query": "stapler", **found}),
        ("product", "product", {"product_id": "p3", "similar": similar}),
        ("cart_add", "product", {"product_id": "p3", "units": 1}),
        ("cart_remove", "cart", {"product_id": "p3", "units": 1}),
        ("search", "results", {"query": "cheap stapler", **found}),
        ("cart_add", "results", {"product_id": "p2", "units": 1}),
        ("checkout", "checkout", {}),
        ("order", "checkout", {"order_id": order, "items": items, **sums}),
    ]
    times = [event.at_s for event in session.events]
    assert times == sorted(times)
    assert 0 <= times[0] < 0.01


def test_one_order_however_often_it_is_sent(make_world):
    session = Session("token", make_world(max_units=None))
    session.add("p1")
    threads = [threading.Thread(target=session.order, args=(1,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event.kind for event in session.events] == ["cart_add", "order"]
    session.add("p2")
    assert session.order(1) is session.orders[0]
    assert session.cart == {Item("p2"): 1}
    assert session.order(2) is session.orders[1]


@pytest.mark.parametrize(
    ("limit", "stock", "units", "why"),
    [
        (1, 100, [2], "Limit of 1 item per customer"),
        (1, 100, [1, 1], "Remove what is in your cart"),
        (3, 100, [2, 2], "Limit of 3 items per customer"),
        (None, 3, [2, 2], "Only 3 of this item"),
        (None, 0, [1], "currently unavailable"),
        (None, 100, [60, 40], None),
    ],
)
def test_limits(make_world, limit, stock, units, why):
    session = Session("token", make_world(1, {1: {"stock": stock}}, max_units=limit))
    for count in units[:-1]:
        session.add("p1", count)
    held = dict(session.cart)
    if why is None:
        session.add("p1", units[-1])
        assert session.cart == {Item("p1"): sum(units)}
        return
    with pytest.raises(RefusalError, match=why) as refusal:
        session.add("p1", units[-1])
    assert session.cart == held
    assert session.events[-1].kind == "refused"
    assert session.events[-1].data == {"why": str(refusal.value)}


def test_a_trial_sells_one_unit_in_all(make_world):
    session = Session("token", make_world())
    session.add("p1")
    session.order()
    with pytest.raises(RefusalError, match="ordered already"):
        session.add("p2")


def test_order_ids_are_the_same_in_every_arm(make_world):
    arm = make_world(1, {1: {"price_cents": 5}}, id="another-world")
    assert order_id(arm, 1) == order_id(make_world(), 1)
    assert order_id(make_world(k=1), 1) != order_id(make_world(), 1) != order_id(make_world(), 2)
