"""What the viewer puts into its file: which trials, which worlds beside them, which words."""

import json
import re
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from aces.blobs import BlobStore
from aces.errors import StoreError
from aces.store import RunStore
from analysis.viewer import page, write_viewer
from analysis.viewer.drawn import drawn_order
from analysis.viewer.page import block
from analysis.viewer.pictures import Album
from analysis.viewer.shelf import standing
from analysis.viewer.steps import Names, done, noted
from analysis.viewer.trials import Trials
from analysis.viewer.worlds import beside


def ending(columns, best):
    """One in ten fails for each of two causes, one in ten leaves."""
    return {3: "server", 4: "refusal", 5: "left"}.get(int(columns["price_cents"].sum()) % 30, "")


@pytest.fixture(scope="module")
def folder(planted_runs):
    buyers = {"planted": {"row_1": 1.0, "log_price": -1.0}, "other": {"rating": 1.0}}
    return planted_runs("viewed", worlds=60, buyers=buyers, interfaces=("json",), loss=ending)


def script(text, name):
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', text)
    return json.loads(found[1])


# -- which trials ---------------------------------------------------------------------------


def test_every_ending_of_every_buyer_is_drawn_in_turn_and_the_same_again(folder):
    with RunStore.open(folder) as store:
        kinds = dict(
            store.db.execute(
                "SELECT trial_id, buyer || status || cause FROM latest JOIN trials USING (trial_id)"
            )
        )
        order = drawn_order(store, 7, kinds.keys())
        assert order == drawn_order(store, 7, kinds.keys())
        assert order != drawn_order(store, 8, kinds.keys())
    assert sorted(order) == sorted(kinds)
    n = len(set(kinds.values()))
    assert n == 8  # of each buyer: bought, left, failed for either cause
    for turn in range(2):
        assert {kinds[trial] for trial in order[n * turn : n * (turn + 1)]} == set(kinds.values())
    assert ["failed" in kinds[trial] for trial in order[:n]] == [True] * 4 + [False] * 4


def test_buyers_are_drawn_in_the_same_worlds(planted_runs):
    buyers = {"planted": {}, "other": {}}
    with RunStore.open(planted_runs("together", worlds=60, buyers=buyers)) as store:
        everyone = [row[0] for row in store.db.execute("SELECT trial_id FROM trials")]
        worlds = dict(store.db.execute("SELECT trial_id, world_id FROM trials"))
        some = drawn_order(store, 7, everyone)[:20]
    assert len({worlds[trial] for trial in some}) == 10


def test_a_file_holds_as_many_as_are_asked_for_or_fit(folder, tmp_path, monkeypatch):
    with RunStore.open(folder) as store:
        everything = write_viewer(store, tmp_path / "all.html")
        assert everything.inside == everything.finished == 240
        few = write_viewer(store, tmp_path / "few.html", 9)
        text = few.path.read_text()
        assert few.inside == text.count('id="t') - text.count('id="trial"') - text.count(
            'id="told"'
        )
        assert "9 of 240 finished trials (" in text
        assert "counts here are not those of the run" in text
        plans = [trial["plan"] for trial in script(text, "index")["trials"]]
        assert plans == sorted(plans)
        monkeypatch.setattr(page, "LARGEST", 100_000)
        small = write_viewer(store, tmp_path / "small.html")
        assert 1 < small.inside < 240
        data = re.findall(r'id="t\d+">(.*?)</script>', small.path.read_text())
        assert sum(map(len, data)) <= 100_000


def test_a_run_without_a_finished_trial_says_so(planted_runs, tmp_path):
    folder = planted_runs("empty", worlds=1, tasks=("watch",))
    with RunStore.create(folder) as store, store.transaction() as db:
        db.execute("DELETE FROM outcomes")
    with (
        RunStore.open(folder) as store,
        pytest.raises(StoreError, match="no trial of this run is finished yet"),
    ):
        write_viewer(store, tmp_path / "empty.html")


def test_one_is_told_how_far_the_file_is(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "AT_ONCE", 100)
    told = []
    with RunStore.open(folder) as store:
        write_viewer(store, tmp_path / "told.html", 200, told.append)
        assert told == [0.5, 1.0]
        monkeypatch.setattr(page, "LARGEST", 200_000)
        full = write_viewer(store, tmp_path / "full.html", watch=told.append)
    assert full.inside < 100  # full before the first hundred
    assert len(told) == 2


def test_a_trial_after_the_stop_of_its_buyer_is_refused_by_name(planted_runs):
    with RunStore.create(planted_runs("late", worlds=2, tasks=("watch",))) as store:
        one = {"buyer": "planted", "interface": "json", "worlds": 1, "trials": 1, "looks": 1}
        store.set_meta("stopped", [one | {"last_index": 0, "findings": []}])
        all_of = Trials(store)
        assert all_of.ids == ["7-watch-0-planted-json-0"]
        with pytest.raises(StoreError, match="7-watch-1-planted-json-0 came after a rule had st"):
            all_of.shown("7-watch-1-planted-json-0")


# -- pictures -------------------------------------------------------------------------------


def drawn(colour, size=(640, 300)):
    content = BytesIO()
    Image.new("RGB", size, colour).save(content, "PNG")
    return content.getvalue()


def test_pictures_made_small_side_by_side_are_those_made_one_by_one(tmp_path):
    blobs = BlobStore(tmp_path)
    names = [blobs.put(drawn(colour), ".png") for colour in ("red", "green", "blue")]
    names.append(blobs.put(b"no picture", ".png"))
    alone, together = Album(blobs), Album(blobs)
    keys = [alone.add(name, 100) for name in names]
    assert keys == ["p0", "p1", "p2", None]
    together.prepare((name, 100) for name in [*names, *names])
    for name in names[:3]:
        (tmp_path / name).unlink()  # what is prepared is not read again
    assert [together.add(name, 100) for name in names] == keys
    assert (together.pictures, together.sizes) == (alone.pictures, alone.sizes)
    assert len(set(together.pictures.values())) == 3
    assert together.sizes["p0"] == (640, 300)


# -- hostile texts --------------------------------------------------------------------------


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_data_come_back_as_they_were_and_never_end_their_element(data):
    text = str(block(data))
    assert json.loads(text) == data
    assert text.isascii()
    assert not set("<>&\n\r") & set(text)


def test_the_script_and_the_style_can_not_end_their_elements_or_make_markup():
    here = page.Path(page.__file__).parent
    script = here.joinpath("viewer.js").read_text()
    assert "</" not in script
    assert "<!--" not in script
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", script)
    assert "</" not in here.joinpath("viewer.css").read_text()


# -- worlds beside a world ------------------------------------------------------------------


def changed(folder, world, level, **values):
    """Writes a copy of a world with some values of one level changed, by index."""
    with RunStore.create(folder) as store, store.transaction() as db:
        row = db.execute("SELECT * FROM worlds WHERE world_id = ?", (world,)).fetchone()
        levels = json.loads(row[5])
        for index, value in values.items():
            levels[level][int(index[1:])] = value
        name = f"{world}-{level}"
        new = (name, *row[1:5], json.dumps(levels), *row[6:])
        db.execute(f"INSERT INTO worlds VALUES ({', '.join('?' * len(new))})", new)
    return name


def test_worlds_that_differ_by_one_treatment_are_named_with_the_difference(planted_run):
    folder = planted_run(worlds=4, tasks=("watch",))
    price = changed(folder, "7-watch-0", "price_cents", _0=999, _1=1999)
    badge = changed(folder, "7-watch-1", "sponsored", _2=1, _3=0)
    with RunStore.open(folder) as store:
        study = Trials(store).study
        near = beside(study, [f"7-watch-{k}" for k in range(4)] + [price, badge])
        levels = json.loads(
            store.db.execute("SELECT levels FROM worlds WHERE world_id = '7-watch-0'").fetchone()[0]
        )
    (one,) = near["7-watch-0"]
    assert (one.world, one.treatments) == (price, ("price",))
    dollars = levels["price_cents"][0] / 100
    assert one.text.startswith(f"price: ${dollars:.2f} → $9.99 on “Watch number 0”, $")
    (back,) = near[price]
    assert (back.world, back.treatments) == ("7-watch-0", ("price",))
    # no other world is equal but for one treatment: the nearest, and all that differs
    (nearest,) = near["7-watch-2"]
    assert {"position", "price", "rating", "review_count"} <= set(nearest.treatments)
    assert "listings in other slots" in nearest.text


def test_a_world_drawn_just_alike_is_no_neighbour_and_a_lone_one_has_none(planted_run):
    folder = planted_run(worlds=1, tasks=("watch",))
    same = changed(folder, "7-watch-0", "price_cents")
    with RunStore.open(folder) as store:
        study = Trials(store).study
        assert beside(study, ["7-watch-0"]) == {"7-watch-0": []}
        assert beside(study, ["7-watch-0", same]) == {"7-watch-0": [], same: []}


# -- words ----------------------------------------------------------------------------------


def row(price, rating, reviews, position, chosen=0, **more):
    return {
        **{"price_cents": price, "rating": rating, "review_count": reviews, "position": position},
        **{"row": 1, "col": position, "chosen": chosen, "list_price_cents": float("nan")},
        **dict.fromkeys(("sponsored", "overall_pick", "scarcity", "best_seller"), 0),
        **{"limited_time": 0, "currency": "USD"},
        **more,
    }


def test_where_the_bought_one_stands_among_its_rivals():
    shelf = [row(500, 4.0, 10, 1), row(400, 4.5, 90, 2, 1, sponsored=1), row(300, 4.5, 20, 3)]
    assert standing(shelf, []) == [
        "2nd cheapest of 3",
        "best rated of 3 (tied)",
        "most reviewed of 3",
        "slot 2 of 3: row 1, column 2",
        "sponsored",
    ]
    shelf[1]["price_cents"], shelf[1]["rating"] = 900, float("nan")
    assert standing(shelf, [])[:2] == ["dearest of 3", "most reviewed of 3"]
    shelf[1]["chosen"] = 0
    assert standing(shelf, []) == []


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ({}, "came to no decision"),
        ({"type": "add_to_cart", "product_id": "a", "reason": ""}, "put “Lamp” into the cart"),
        ({"type": "open_listing", "product_id": "zz"}, "opened “zz”"),
        ({"type": "click", "x": 3.5, "y": 4.0}, "clicked the point (3.5, 4)"),
        ({"type": "click", "number": 7, "x": None}, "clicked number 7"),
        ({"type": "click", "target": "Sort"}, "clicked “Sort”"),
        ({"type": "scroll", "pixels": -600}, "scrolled 600 pixels up"),
        ({"type": "type", "text": "red", "submit": True}, "typed “red” and sent it"),
        ({"type": "own_kind"}, "own kind"),
    ],
)
def test_actions_in_words(action, words):
    assert done(action, Names({"a": "Lamp"})) == words


def test_amounts_of_orders_are_in_the_currency_of_the_shop():
    data = {"items": [{"product_id": "a"}], "total_cents": 2499}
    assert noted("order", data, Names({"a": "Lamp"}, "JPY")) == "ordered: “Lamp”, 2,499 JPY in all"


def test_events_of_an_older_run_stand_by_themselves(folder):
    """Runs that did not keep when a step was decided, and had no window."""
    with RunStore.open(folder) as store:
        all_of = Trials(store)
        trial = all_of.shown(all_of.ids[0])
    assert [event["kind"] for event in trial["rest"]] == ["product"]
    assert trial["steps"][0]["events"] == []


def test_events_follow_the_decision_before_them(folder):
    with RunStore.create(folder) as store:
        with store.transaction() as db:
            db.execute("UPDATE steps SET at_s = 0.05")
        all_of = Trials(store)
        after = all_of.shown(all_of.ids[0])
        with store.transaction() as db:
            db.execute("UPDATE steps SET at_s = 0.15")
        before = all_of.shown(all_of.ids[0])
        with store.transaction() as db:
            db.execute("UPDATE steps SET at_s = NULL")
    assert [event["kind"] for event in after["steps"][0]["events"]] == ["product"]
    assert after["rest"] == []
    assert [event["kind"] for event in before["rest"]] == ["product"]


def test_a_trial_without_a_purchase_says_what_was_recorded(folder):
    with RunStore.open(folder) as store:
        all_of = Trials(store)
        found = store.db.execute("SELECT trial_id FROM latest WHERE cause = 'server'")
        trial = all_of.shown(found.fetchone()[0])
    assert trial["ending"] == "Failed: server"
    assert trial["product"] == ""
    assert trial["standing"] == []
    assert all(offer["dearer"] == "" for offer in trial["shelf"])
