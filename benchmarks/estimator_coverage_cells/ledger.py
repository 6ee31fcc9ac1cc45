"""Where each interval and test of the project was measured; whoever adds one says so here.

`tests/e2e/test_coverage_ledger.py` fails where an estimator, a gate or a part of a comparison has
no entry, and where an entry names a family of cells, a result or a test that is not there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """Some of what a part says, and where it was measured.

    Attributes:
        what: The intervals and tests.
        where: Families of cells; files of `benchmarks/results` (`.md`); tests of a level (`.py`),
            where it holds by construction or simulation is quick.
        why: Where nothing was measured, why none of it is due.
    """

    what: str
    where: tuple[str, ...] = ()
    why: str = ""


ARMS = "Two arms, worlds in each"
CHANCES = "Two arms with chances .3 and .7, worlds in all"
CHOICES = ("Choices, by clusters", "Choices, each by itself", "Choices, few clusters")
PAIRS = "Pairs of worlds"
TASKS = "Effects that differ by task, tasks"
REPEATS = "Shares with repeats, worlds"
STACKED = "Buyers of one taste, worlds that all of them met"
VERSIONS = ("Shares of two versions, worlds", "An update that changes nothing, worlds")
REDRAWN = "its level holds by construction: worlds are drawn again by their own design"

SHARES = Entry("shares (Wilson)", (REPEATS, "Shares of a market, choices"))
CHANGES = Entry("changes of shares by arm (Newcombe)", (ARMS,))
DECISIONS = Entry("intervals of decisions, delta method and Fieller", ("decisions.md",))

ESTIMATORS: Mapping[str, tuple[Entry, ...]] = {
    "aipw": (
        Entry("means and gains, chances fixed", (CHANCES,)),
        Entry("the same after adaptive allocation", ("adaptive.md",)),
    ),
    "arm_difference": (
        Entry("differences, plain and adjusted; equivalence", (ARMS, "arm-difference.md")),
    ),
    "bridge": (Entry("slopes and joint tests", ("Purchases against probabilities, worlds",)),),
    "calibration": (DECISIONS,),
    "channels": (Entry("differences between channels and joint tests", (STACKED,)),),
    "conditional_logit": (
        Entry("coefficients, price equivalents, joint tests", CHOICES),
        Entry("2 x 500 worlds as the project draws them", ("coverage.md",)),
        Entry("fractional outcomes", ("probabilities.md",)),
        Entry("the score bootstrap beside t(G - 1)", ("few-clusters.md",)),
    ),
    "context": (CHANGES,),
    "counterfactual": (DECISIONS,),
    "drift": (
        Entry("changes of shares, exchange tests", VERSIONS),
        Entry("changes of coefficients", (STACKED,)),
        Entry("Benjamini-Hochberg", ("Twenty tests at once",)),
    ),
    "elasticities": (DECISIONS,),
    "exploded_logit": (Entry("coefficients, test of stages", ("choice-models.md",)),),
    "funnel": (
        SHARES,
        Entry("effects on clicks and purchases", ("Browsing, worlds",)),
    ),
    "iia": (Entry("score tests, removal, Hausman and McFadden's", ("choice-models.md",)),),
    "latent_class": (Entry("tastes, membership, shares of classes", ("choice-models.md",)),),
    "lifts": (DECISIONS,),
    "linear_probability": (
        Entry("coefficients, one-way clusters", CHOICES[:1]),
        Entry("two-way clusters", ("two_way.md",)),
    ),
    "loss": (DECISIONS, SHARES),
    "mixed_logit": (Entry("means and standard deviations", ("Tastes that differ, deciders",)),),
    "multiverse": (Entry("joint tests of the curve", ("multiverse.md",)),),
    "nested_logit": (Entry("coefficients, dissimilarities, Wald's test", ("choice-models.md",)),),
    "outcome": (Entry("coefficients of binary and ordered outcomes", ("choice-models.md",)),),
    "partial_pooling": (
        Entry("mean, sd, another task, each task", (TASKS,)),
        Entry("coefficients of one model, and task by task", CHOICES[:1]),
    ),
    "pass_rate": (SHARES,),
    "price_changes": (
        Entry("compensating and equivalent price changes (Fieller)", CHOICES[:1]),
        DECISIONS,
    ),
    "price_integrity": (
        Entry("weights of fee and price, their ratio (Fieller)", CHOICES[:1]),
        Entry("what was paid above the least (a mean by world)", (ARMS,)),
        SHARES,
    ),
    "price_ladder": (
        SHARES,
        Entry("coefficient of log price", CHOICES[:1]),
        Entry("whether price matters", ("Price ladders, choices",)),
        Entry("forms held against each other", ("Forms of the price term, worlds",)),
        Entry("which form is named", ("price-forms.md",)),
    ),
    "published": (SHARES,),
    "purchase_probability": (
        Entry("marginal effects", ("Changes of the purchase probability, clusters",)),
    ),
    "randomization": (Entry(f"exact test: {REDRAWN}", ("tests/analysis/test_randomization.py",)),),
    "shares": (
        Entry("Wilson, Goodman, concentration, leader", ("Shares of a market, choices", REPEATS)),
        CHANGES,
    ),
    "spillover": (Entry("shares, spillovers, totals", ("spillover.md",)),),
    "stacked_logit": (Entry("tests that buyers are alike", (STACKED,)),),
    "steering": (
        SHARES,
        CHANGES,
        Entry("losses, worth of tags, the instruction, the curve", ("Steering, worlds",)),
    ),
    "swaps": (DECISIONS,),
    "target_share": (
        SHARES,
        CHANGES,
        Entry("slope by dose, equal shares", ("Five doses that do nothing, worlds in all",)),
    ),
    "variance": (
        Entry("components and parts", ("Variances from repeats, worlds met three times",)),
    ),
    "welfare": (DECISIONS,),
    "within_pair": (Entry("differences within pairs, McNemar's test", (PAIRS, "paired.md")),),
    "wording": (
        Entry("mean, variance and a new wording, errors known", (TASKS,)),
        Entry("the same from fitted choices", ("decisions.md",)),
    ),
}

GATES: Mapping[str, tuple[Entry, ...]] = {
    "operational_failures": (Entry("a count", why="held against a threshold, no test"),),
    "parse_rate": (SHARES,),
    "refusal_rate": (SHARES,),
    "understanding": (SHARES,),
    "label_mass": (Entry("a mean", why="held against a threshold, no test"),),
    "missing_data": (Entry(f"all terms at once: {REDRAWN}", ("tests/analysis/test_checks.py",)),),
    "status_by_assignment": (Entry(f"the same: {REDRAWN}", ("tests/analysis/test_gates.py",)),),
    "sample_ratio": (
        Entry("equal rates of completion", ("Trials lost alike by two buyers, trials each",)),
    ),
    "allotted_worlds": (
        Entry("arms drawn as often as stored shares say", ("tests/aces/test_stats_adaptive.py",)),
    ),
    "given_worlds": (Entry("worlds as given", why="they are equal or they are not"),),
    "balance": (Entry(f"one test of all levels: {REDRAWN}", ("tests/analysis/test_checks.py",)),),
    "position_lock": (Entry("share of a slot (Wilson)", (REPEATS, "position-lock.md")),),
}

COMPARISON: Mapping[str, tuple[Entry, ...]] = {
    "Answer": (Entry("did anything change, what caused it, how far", ("comparison.md",)),),
    "Products": (
        Entry("changes of shares, exchange tests", VERSIONS),
        Entry("Benjamini-Hochberg", ("Twenty tests at once",)),
    ),
    "Coefficients": (Entry("differences of coefficients", (STACKED,)),),
    "Ratios": (Entry("ratios to price (Fieller)", CHOICES[:1]),),
    "Movers": (
        Entry(
            "what moved a product: coefficients' differences times slopes",
            (STACKED,),
            why="slopes count as known; the first-order part was measured",
        ),
    ),
}

OTHERS: Mapping[str, tuple[Entry, ...]] = {
    "families of tests": (Entry("Holm, Benjamini-Hochberg", ("Twenty tests at once",)),),
    "stopping": (Entry("always-valid tests, fixed precision", ("sequential.md",)),),
    "power": (Entry("planned against realised", ("power.md",)),),
}

LEDGER = {"estimator": ESTIMATORS, "gate": GATES, "comparison": COMPARISON, "other": OTHERS}


def ledger_table() -> Iterator[str]:
    """Yields the lines of the table: part, what it says, where that was measured."""
    yield "| part | what it says | measured in |"
    yield "|---|---|---|"
    for kind, parts in LEDGER.items():
        for name, entries in sorted(parts.items()):
            for entry in entries:
                places = [_place(where) for where in entry.where] + [entry.why] * bool(entry.why)
                yield f"| {kind} {name} | {entry.what} | {'; '.join(places)} |"


def _place(where: str) -> str:
    """Families as they head their tables, files as code."""
    return f"`{where}`" if where.endswith((".md", ".py")) else where
