"""One listing of each shelf under pressure, or in a paid slot: its draw, and that it shows."""

import math
from collections import Counter

import pytest
from pydantic import ValidationError

from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.errors import SpecError
from aces.seeds import Stream
from aces.types import Listing
from experiments.plan import make_plan
from marketplace.cards import Card
from marketplace.treatments import TREATMENTS

SHELF = [Listing(product_id=f"p{i}", title="Thing", price_cents=1000 + i) for i in range(5)]
N = 1200


def draws(use, **config):
    declared = TREATMENTS.build(use, config).declare()
    return declared, [declared.draw(SHELF, k, Stream(5, k)) for k in range(N)]


def spread(counts, expected):
    return all(abs(n - expected) < 4 * math.sqrt(expected) for n in counts.values())


def test_a_dose_is_the_first_cues_on_one_listing_and_its_target_is_drawn_in_every_dose():
    declared, found = draws("pressure")
    cues = ["scarcity", "countdown", "watched"]
    assert declared.varied() == cues
    assert declared.levels() == ["pressure", "pressure_target", *cues, "stock"]
    targets, doses = Counter(), Counter()
    for each in found:
        levels = each.levels
        (target,) = [i for i in range(5) if levels["pressure_target"][i]]
        dose = levels["pressure"][target]
        targets[target] += 1
        doses[dose] += 1
        for i in range(5):
            carried = [levels[cue][i] for cue in cues]
            assert carried == [int(i == target and dose > n) for n in range(3)]
            assert levels["stock"][i] == (2 if i == target and dose else 100)
        assert each.probability == pytest.approx(1 / 20)
        assert each.marginals["pressure_target"][target] == pytest.approx(1 / 5)
        often = {"scarcity": 3 / 20, "countdown": 2 / 20, "watched": 1 / 20}
        for cue, share in often.items():
            shown = levels[cue][target]
            assert each.marginals[cue][target] == pytest.approx(share if shown else 1 - share)
        assert each.marginals["pressure"][target] == pytest.approx(1 / 20 if dose else 17 / 20)
    assert len(targets) == 5
    assert spread(targets, N / 5)
    assert len(doses) == 4
    assert spread(doses, N / 4)


def test_the_paid_slot_is_the_same_whoever_stands_there_and_says_so_in_one_wording_or_none():
    declared, found = draws("placement", slot=2)
    wordings = ["sponsored", "ad", "promoted", "paid_placement"]
    assert declared.varied() == ["position", *wordings]
    payers, said = Counter(), Counter()
    for each in found:
        levels = each.levels
        assert sorted(levels["position"]) == [1, 2, 3, 4, 5]
        payer = levels["position"].index(2)
        assert levels["placement_target"] == tuple(int(i == payer) for i in range(5))
        told = [w for w in wordings if levels[w][payer]]
        assert [w for w in wordings if any(levels[w])] == told
        assert len(told) <= 1
        payers[payer] += 1
        said[told[0] if told else ""] += 1
        assert each.probability == pytest.approx(1 / 5 / math.factorial(5))
    assert len(payers) == 5
    assert spread(payers, N / 5)
    assert len(said) == 5
    assert spread(said, N / 5)


CONFIG = """
name: doses
tasks: [{id: watch, category: fitness_watch}]
shelf: {size: 8, columns: 4}
treatments: [%s]
buyers: [{use: random}]
interface: json
worlds_per_task: 40
"""


@pytest.mark.parametrize("use", ["pressure", "placement"])
def test_what_is_drawn_is_what_stands_on_the_cards(tmp_path, use):
    path = tmp_path / "doses.yaml"
    path.write_text(CONFIG % f"{{use: {use}}}")
    plan = make_plan(read_experiment(path), load_catalog("demo"))
    texts = {
        "scarcity": "Only 2 left in stock",
        "countdown": "Deal ends in 02:14:37",
        "watched": "17 people are looking at this right now",
        "sponsored": "Sponsored",
        "ad": "Ad",
        "promoted": "Promoted",
        "paid_placement": "The seller paid for this place",
    }
    seen = set()
    for k in range(40):
        drawn = plan.assignment("watch", k)
        world = plan.world(drawn)
        cards = {x.product_id: Card(world, x, world.products[x.product_id]) for x in world.listings}
        for i, product in enumerate(drawn.product_ids):
            told = {text for kind, text in texts.items() if drawn.levels.get(kind, [0] * 8)[i]}
            assert set(cards[product].summary()["marks"]) == told
            seen |= told
    assert len(seen) == (3 if use == "pressure" else 4)


@pytest.mark.parametrize(
    ("use", "config", "says"),
    [
        ("pressure", {"steps": [{"level": "scarcity"}]}, "scarcity shows only with"),
        ("pressure", {"steps": [{"level": "countdwn"}]}, "did you mean 'countdown'"),
        ("pressure", {"steps": [{"level": "ad"}, {"level": "ad"}]}, "given twice"),
        ("placement", {"wordings": [{"level": "spnsored"}]}, "did you mean 'sponsored'"),
        ("placement", {"wordings": [{"level": "ad"}, {"level": "ad"}]}, "given twice"),
        ("placement", {"slot": 0}, "greater than 0"),
    ],
)
def test_what_would_not_show_is_refused(use, config, says):
    with pytest.raises(ValidationError, match=says):
        TREATMENTS.build(use, config)


@pytest.mark.parametrize(
    ("treatments", "says"),
    [
        ("{use: placement, slot: 9}", "slot: the shelf shows 8, found 9"),
        ("{use: position}, {use: placement}", "'placement' sets position, which 'position' sets"),
    ],
)
def test_a_slot_that_is_not_there_or_not_its_own_is_refused_with_its_line(
    tmp_path, treatments, says
):
    path = tmp_path / "doses.yaml"
    path.write_text(CONFIG % treatments)
    with pytest.raises(SpecError, match=rf"doses.yaml:\d+ treatments.*{says}"):
        make_plan(read_experiment(path), load_catalog("demo"))
