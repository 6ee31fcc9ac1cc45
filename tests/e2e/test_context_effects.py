"""Context effects: the shipped protocol with buyers that compare, and with one that does not."""

import json
import math
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import experiments
from aces.cli.console import read_experiment
from aces.design import Permutation, Removal, draw_world
from aces.errors import EstimationError, SpecError
from aces.seeds import Stream
from aces.types import AddToCart, Listing
from analysis.analyze import analyze_paths
from analysis.context import ContextEffects, Settings
from experiments.executors.inline import InlineExecutor
from experiments.plan import make_plan
from experiments.power import describe
from experiments.run import run

CONFIG = Path(experiments.__file__).parent / "configs" / "decoy.yaml"
A, B = "bindora-desk-25", "gripsby-easy-press"
THIRD = "deskwright-mini-pop"


class Comparing:
    """Plain tastes, and something more for what stands well beside the others; a user's own."""

    def start(self, task, stream):
        return Comparison(type(self), stream)

    def truth(self):
        return None

    @classmethod
    def worth(cls, item, shelf):
        others = [other for other in shelf if other is not item]
        plain = -1.5 * math.log(item.price_cents / 100) + 1.5 * item.rating
        return plain + sum(cls.bonus(item, other) for other in others) + cls.middle(item, others)

    @staticmethod
    def bonus(item, other):
        return 0.0

    @staticmethod
    def middle(item, others):
        return 0.0


class Comparison:
    def __init__(self, kind, stream):
        self.kind, self.stream = kind, stream

    async def act(self, observation):
        shelf = observation.listings
        total = [
            self.kind.worth(item, shelf) + self.stream.child(item.product_id).gumbel()
            for item in shelf
        ]
        return AddToCart(product_id=shelf[total.index(max(total))].product_id)


class Attracted(Comparing):
    """Likes what beats another listing in price and rating."""

    @staticmethod
    def bonus(item, other):
        return 1.0 * (item.price_cents < other.price_cents and item.rating > other.rating)


class Compromising(Comparing):
    """Likes what lies between two others in price and in rating."""

    @staticmethod
    def middle(item, others):
        prices = sorted(other.price_cents for other in others)
        ratings = sorted(other.rating for other in others)
        between = len(others) == 2 and prices[0] < item.price_cents < prices[1]
        return 1.0 * (between and ratings[0] < item.rating < ratings[1])


class Crowded(Comparing):
    """Likes a listing less that has one of nearly the same price beside it."""

    @staticmethod
    def bonus(item, other):
        return -1.0 * (abs(math.log(item.price_cents / other.price_cents)) < 0.06)


@pytest.fixture(scope="module")
def study(demo, tmp_path_factory):
    """Runs the protocol with some settings and returns what `aces analyze` finds."""

    def study(*settings):
        folder = tmp_path_factory.mktemp("context") / "run"
        run(read_experiment(CONFIG, settings), demo, folder, InlineExecutor())
        return analyze_paths([folder])[0]

    return study


def changes(found, against="alone"):
    """`effect[arm]` -> change of its target's share."""
    return {row.term: row for row in found.estimates if row.estimator == f"context_{against}"}


def arms():
    """Arm -> the shelf of three that it shows; the pair alone under None."""
    (third,) = [each for each in read_experiment(CONFIG).treatments if each.name == "third"]
    shelves = {}
    for arm in third.parameters["arms"]:
        shelves[arm["name"]] = [
            Seen(name, fields["price_cents"], fields["rating"])
            for name, fields in arm["by_product"].items()
        ]
    shelves[None] = [item for item in next(iter(shelves.values())) if item.product_id != THIRD]
    return shelves


class Seen:
    def __init__(self, product_id, price_cents, rating):
        self.product_id, self.price_cents, self.rating = product_id, price_cents, rating


def expected(kind, arm, target):
    """The true change of the target's share among purchases of the two, against the pair alone."""
    share = []
    for shelf in (arms()[arm], arms()[None]):
        worth = {item.product_id: math.exp(kind.worth(item, shelf)) for item in shelf}
        share.append(worth[target] / (worth[A] + worth[B]))
    return share[0] - share[1]


EFFECTS = {
    "attraction": {"decoy_of_a": A, "decoy_of_b": B},
    "compromise": {"beyond_a": A, "beyond_b": B},
    "similarity": {"like_a": B, "like_b": A},
}


@pytest.mark.parametrize(
    ("kind", "effect"),
    [(Attracted, "attraction"), (Compromising, "compromise"), (Crowded, "similarity")],
)
def test_each_effect_is_recovered_where_it_is_planted(study, kind, effect):
    own = json.dumps([{"use": f"{__name__}:{kind.__name__}", "name": "own"}])
    found = study(f"buyers={own}", "worlds_per_task=1100")
    alone, mirror = changes(found), changes(found, "mirror")
    assert len(alone) == len(mirror) == 6
    for name, favoured in EFFECTS.items():
        for arm, target in favoured.items():
            row, true = alone[f"{name}[{arm}]"], expected(kind, arm, target)
            assert row.product_id == target
            half = (row.ci_high - row.ci_low) / 2
            assert abs(row.estimate - true) < 2 * half, (name, arm, true)
            if name == effect:
                assert true > 0.15
                assert row.ci_low > 0
                assert mirror[f"{name}[{arm}]"].ci_low > 0.1
                # one number seen from either side
                assert mirror[f"{name}[{arm}]"].estimate == pytest.approx(
                    mirror[f"{name}[{next(a for a in favoured if a != arm)}]"].estimate
                )
    shown = {row[2]: row for row in found.findings[0].table.rows}
    assert all("present" in shown[arm][8] for arm in EFFECTS[effect])


@pytest.mark.slow
def test_a_buyer_whose_choice_between_two_needs_no_third_shows_none(study):
    """Equivalence: effects lie within 10 points of 0; at this size one may be undecided."""
    found = study("worlds_per_task=3000")
    verdicts = [row[8] for row in found.findings[0].table.rows]
    assert set(verdicts) <= {"absent", "undecided"}
    assert verdicts.count("absent") >= 5
    for row in changes(found).values():
        assert row.ci_low < 0.03
        assert row.ci_high > -0.03
    # and yet the third listing sells
    assert all(float(row[5]) > 10 for row in found.findings[0].table.rows)
    assert all(check.passed is not False for check in found.checks), found.failed_checks()


def test_the_pair_alone_stands_in_its_share_of_worlds(study):
    found = study("worlds_per_task=400")
    size = found.table.groupby("world_id").size()
    assert set(size) == {2, 3}
    assert 0.17 < (size == 2).mean() < 0.33
    two = found.table[found.table["world_id"].isin(size.index[size == 2])]
    assert set(two["product_id"]) == {A, B}
    assert set(two["position"]) == {1, 2}
    # position 2 slots, six arms, left out or not: all that was random
    probability = found.table.groupby("world_id")["assignment_probability"].first()
    assert set(probability[size == 2].round(9)) == {round(0.25 / 6 / 2, 9)}
    assert set(probability[size == 3].round(9)) == {round(0.75 / 6 / 6, 9)}


def test_without_a_pair_alone_the_mirror_is_what_is_left(study):
    whole = read_experiment(CONFIG)
    kept = [t for t in whole.treatments if t.name != "menu"]
    given = json.dumps([{"use": t.use, "name": t.name, **t.parameters} for t in kept])
    found = study(f"treatments={given}", "worlds_per_task=60")
    assert changes(found) == {}
    assert len(changes(found, "mirror")) == 6
    assert any("no purchase with the pair alone" in note for note in found.notes)


# -- leaving out by chance ------------------------------------------------------------------


def listings(n):
    return [Listing(product_id=f"p{i}", title=f"P{i}", price_cents=1000 + i) for i in range(n)]


def test_all_are_left_out_together_as_often_as_said():
    declarations = {
        "menu": Removal(count=2, among=("p1", "p4"), chance=0.3),
        "position": Permutation(),
    }
    seen = Counter()
    for k in range(2000):
        shown, drawn = draw_world(declarations, listings(5), 5, False, k, Stream(1, "t"))
        names = tuple(item.product_id for item in shown)
        seen[names] += 1
        chance = 0.3 / 6 if len(names) == 3 else 0.7 / 120
        assert drawn.probability == pytest.approx(chance)
    assert set(seen) == {("p0", "p2", "p3"), ("p0", "p1", "p2", "p3", "p4")}
    assert 0.26 < seen["p0", "p2", "p3"] / 2000 < 0.34


@pytest.mark.parametrize(
    "menu",
    [
        "{use: menu, chance: 0.5}",
        "{use: menu, among: [p1, p2], chance: 0.5}",
        "{use: menu, chance: 0}",
    ],
)
def test_a_chance_needs_to_know_what_goes(demo, menu):
    with pytest.raises(SpecError, match="chance"):
        make_plan(read_experiment(CONFIG, [f"treatments.menu={menu}"]), demo)


def test_shelves_of_two_sizes_are_planned_for(demo):
    """Expected errors are those of simulated experiments, where a listing may be missing, too."""
    asked = json.dumps(
        [
            {"use": "position"},
            {"use": "price"},
            {"use": "menu", "among": [THIRD], "chance": 0.5},
        ]
    )
    spec = read_experiment(CONFIG, [f"treatments={asked}", "worlds_per_task=300"])
    facts = describe(make_plan(spec, demo), runs=40)
    (own,) = [entry for entry in facts["precision"] if entry["prior"] == "as planted"]
    errors = {row[0]: row[2] for row in own["rows"]}
    realised = {row[0]: row[2] for row in own["simulated"]["rows"]}
    for term in ("log_price", "col_1"):
        assert realised[term] == pytest.approx(errors[term], rel=0.4), term


# -- tables that do not fit -----------------------------------------------------------------


def asked(**changed):
    effects = changed.pop("effects", EFFECTS)
    return Settings("context", (A, B), changed.pop("treatment", "third"), effects)


def choice(world, arm, bought, products=(A, B, THIRD)):
    columns = {f"third_{name}": int(arm == name) for name in ("decoy_of_b", "beyond_a")}
    return [
        {
            **columns,
            "trial_id": world,
            "world_id": world,
            "buyer": "own",
            "interface": "json",
            "product_id": product,
            "chosen": int(product == bought),
            "status": "chosen",
        }
        for product in products
    ]


def test_arms_that_are_not_there_are_named():
    table = pd.DataFrame(choice("w1", "decoy_of_b", A) + choice("w2", "", B))
    with pytest.raises(EstimationError, match="no arms decoy_of_a, beyond_b, like_a and like_b"):
        ContextEffects(asked(), table).rows  # noqa: B018
    with pytest.raises(EstimationError, match=f"no shelf shows {B}"):
        ContextEffects(asked(), table[table["product_id"] != B]).rows  # noqa: B018
    some = {"attraction": EFFECTS["attraction"]}
    rows = {row["arm"]: row for row in ContextEffects(asked(effects=some), table).rows}
    assert rows["decoy_of_a"]["share"] == (0.0, 1.0, 1)
    assert rows["decoy_of_b"]["share"] == (0.0, 1.0, 1)
    # a third listing that no effect names is of no arm
    more = pd.concat([table, pd.DataFrame(choice("w3", "beyond_a", A))], ignore_index=True)
    rows = {row["arm"]: row for row in ContextEffects(asked(effects=some), more).rows}
    assert rows["decoy_of_a"]["share"] == (0.0, 1.0, 1)


def test_trials_on_one_world_count_as_one_choice():
    several = [
        {**row, "trial_id": f"w1-{i}"} for i in range(4) for row in choice("w1", "decoy_of_b", B)
    ]
    table = pd.DataFrame(several + choice("w2", "", B, (A, B)))
    some = {"attraction": EFFECTS["attraction"]}
    found = ContextEffects(asked(effects=some), table)
    row = next(row for row in found.rows if row["arm"] == "decoy_of_b")
    assert row["share"] == (1.0, 1.0, 4)
    assert row["alone"] == (1.0, 1.0, 1)
    (mine,) = [each for each in found.estimates() if each.estimator == "context_alone"]
    assert mine.ci_low < -0.5
