"""Types of buyers, removed listings and nests: the shipped experiments, and personas of a kind."""

import itertools
import json
import math
from pathlib import Path

import pytest

import experiments
from aces.cli.console import read_experiment
from aces.types import Factor, Record
from agents.buyers.utility import UtilityBuyer
from analysis.analyze import analyze_paths
from experiments.executors.inline import InlineExecutor
from experiments.run import run

CONFIGS = Path(experiments.__file__).parent / "configs"


@pytest.fixture
def study(demo, tmp_path):
    """Runs a shipped experiment with some settings and returns what `aces analyze` finds."""

    def study(name, *settings):
        spec = read_experiment(CONFIGS / f"{name}.yaml", settings)
        run(spec, demo, tmp_path / "run", InlineExecutor())
        return analyze_paths([tmp_path / "run"])[0]

    return study


def rows(found, estimator):
    return [
        row for finding in found.findings for row in finding.estimates()
        if row.estimator == estimator
    ]  # fmt: skip


def test_two_types_of_planted_buyers_are_told_apart(study):
    found = study("buyer-types", "worlds_per_task=25")
    (shares,) = [f for f in found.findings if "types of buyers" in f.table.title]
    terms = {row.term: row for row in shares.estimates()}
    assert len([name for name in terms if name.startswith("share")]) == 2  # BIC names two
    assert terms["class1.log_price"].ci_high < -2.5  # the seven
    assert terms["class2.rating"].ci_low > 1
    assert terms["share[class1]"].estimate == pytest.approx(7 / 12, abs=0.01)
    chance = {row.buyer: row.estimate for row in rows(found, "latent_class_posterior")
              if row.term == "class2"}  # fmt: skip
    choosy = {name for name, value in chance.items() if value > 0.5}
    assert choosy == {"m02", "m05", "m07", "m09", "m11"}
    assert all(value < 0.01 or value > 0.99 for value in chance.values())
    assert [len(f.plots) for f in found.findings] == [1, 1]


class Personas(UtilityBuyer):
    """A planted shopper whose trials are thrifty or choosy, with a chance that its persona sets."""

    class Config(Record):
        """Parameters."""

    def __init__(self, config: Config) -> None:
        self.thrifty = UtilityBuyer(
            UtilityBuyer.Config(coefficients={"log_price": -4.0, "rating": 0.3})
        )
        self.choosy = UtilityBuyer(
            UtilityBuyer.Config(coefficients={"log_price": -0.5, "rating": 3.0})
        )
        self.persona = ""
        self.shares_noise = False

    @classmethod
    def resolve(cls, config, ground):
        return config

    @staticmethod
    def factors(config):
        return {"persona": Factor(levels=("student", "parent"))}

    def truth(self):
        return None

    def start(self, task, stream):
        chance = {"student": 0.15, "parent": 0.85}[task.persona]
        choosy = stream.child("type").uniform() < chance
        return (self.choosy if choosy else self.thrifty).start(task, stream)


@pytest.mark.slow
def test_the_chance_of_a_type_depends_on_the_persona(study):
    buyers = json.dumps([{"use": f"{__name__}:Personas", "name": "own"}])
    analysis = json.dumps(
        [
            {
                "use": "latent_class",
                "terms": ["log_price", "rating"],
                "membership": ["persona"],
                "effects": None,
                "starts": 3,
            }
        ]
    )
    found = study("buyer-types", f"buyers={buyers}", f"analysis={analysis}", "worlds_per_task=500")
    terms = {row.term: row for row in rows(found, "latent_class")}
    one_is_thrifty = terms["class1.log_price"].estimate < terms["class2.log_price"].estimate
    odds = terms["is_class2.persona[T.student]"]
    planted = -3.47 if one_is_thrifty else 3.47  # 2 x log(.85 / .15)
    assert abs(odds.estimate - planted) < 3 * odds.std_error
    assert (odds.ci_low > 0) or (odds.ci_high < 0)
    who = {(row.persona, row.term): row.estimate for row in rows(found, "latent_class_posterior")}
    assert len(who) == 4
    assert abs(who["student", "class1"] - who["parent", "class1"]) > 0.4


def test_what_is_left_is_shared_out_in_proportion(study):
    found = study("removal", "worlds_per_task=300")
    table = found.findings[0].table
    removed = [row for row in table.rows if row[1].startswith("shares without")]
    assert len(removed) == 6
    assert all(float(row[4].replace("<", "0")) > 0.01 for row in removed)  # Holm's
    outside = [row for row in rows(found, "iia_removal") if not row.ci_low <= 0 <= row.ci_high]
    assert len(outside) <= 6  # of 30
    nested = [row for row in rows(found, "nested_logit") if row.term.startswith("dissim")]
    assert {row.term for row in nested} == {"dissimilarity[cheap]", "dissimilarity[long]"}


def _drawn(weights, u):
    """The index that a uniform number draws with these weights."""
    reach = list(itertools.accumulate(weights))
    return next(i for i, at in enumerate(reach) if u * reach[-1] < at)


class Alike(UtilityBuyer):
    """A nested shopper: two staplers are nearly one to it."""

    SCALE = 0.25

    def rule(self, task, stream):
        def choose(shelf):
            utility = self.utilities(shelf) / self.SCALE
            pair = [i for i, item in enumerate(shelf) if item.product_id in PAIR]
            nests = [pair] * bool(pair) + [[i] for i in range(len(shelf)) if i not in pair]
            inside = [[math.exp(utility[i]) for i in nest] for nest in nests]
            # one alone is worth exp(u), as its nest has no others
            total = [sum(weights) ** self.SCALE for weights in inside]
            nest = _drawn(total, stream.child("nest").uniform())
            return shelf[nests[nest][_drawn(inside[nest], stream.child("member").uniform())]]

        return choose


PAIR = ("gripsby-easy-press", "bindora-desk-25")


@pytest.mark.slow
def test_close_substitutes_are_found_by_removal_and_by_nests(study):
    own = [{"use": f"{__name__}:Alike", "name": "own",
            "coefficients": {"log_price": -1.0, "rating": 0.5}}]  # fmt: skip
    analysis = [
        {"use": "iia", "terms": ["log_price", "rating"], "nests": {"pair": PAIR}},
        {"use": "nested_logit", "terms": ["log_price", "rating"], "nests": {"pair": PAIR}},
    ]
    found = study(
        "removal", f"buyers={json.dumps(own)}", f"analysis={json.dumps(analysis)}",
        "worlds_per_task=1500",
    )  # fmt: skip
    assert not [note for note in found.notes if "no estimates" in note]
    (pair,) = [row for row in rows(found, "nested_logit") if row.term == "dissimilarity[pair]"]
    assert pair.ci_low < Alike.SCALE < pair.ci_high
    assert pair.ci_high < 0.7
    gained = {(row.term, row.product_id): row for row in rows(found, "iia_removal")}
    both = [gained[f"removed[{gone}]", like] for gone, like in (PAIR, PAIR[::-1])]
    assert all(row.estimate > 0.02 for row in both)
    error = math.hypot(*(row.std_error for row in both))
    assert sum(row.estimate for row in both) > 2 * error  # some 250 worlds without each
    closer = next(row for row in found.findings[0].table.rows if row[1].startswith("closer"))
    assert closer[4] == "<.001"
