"""Choice data of one's own by one command: the options are Python's, and every trap has a name."""

import sys

import numpy as np
import pandas as pd
import pytest

import analysis
from aces import cli
from aces.errors import UserError
from analysis.formula_models import MODELS, fit_formula, options_of

FORMULA = "chosen ~ price + quality"


def trips(people=40, tasks=5, seed=0):
    """Choices of three; the number of a task starts again for each person."""
    rng = np.random.default_rng(seed)
    n = people * tasks
    table = pd.DataFrame(
        {
            "person": np.repeat(np.arange(people), 3 * tasks),
            "task": np.tile(np.repeat(np.arange(tasks), 3), people),
            "trip": np.repeat(np.arange(n), 3),
            "alt": np.tile(["train", "bus", "car"], n),
            "price": rng.uniform(1, 5, 3 * n).round(2),
            "quality": rng.normal(size=3 * n).round(3),
        }
    )
    worth = -table["price"] + table["quality"] + rng.gumbel(size=3 * n)
    chosen = worth == worth.groupby(table["trip"]).transform("max")
    rank = worth.groupby(table["trip"]).rank(ascending=False).astype(int)
    return table.assign(
        chosen=chosen.astype(int),
        rank=rank,
        sex=np.where(table["person"] % 2, "f", "m"),
        double=2 * table["price"],
        income=table["person"] + 0.5,
        weight=1 + table["person"] % 3,
        known=-table["price"],
        wheels=np.where(table["alt"] == "train", "rail", "road"),
    )


@pytest.fixture
def aces(monkeypatch, tmp_path, capsys):
    """Runs a command in an empty folder: status, what it printed, and what it complained of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")

    def aces(*arguments):
        monkeypatch.setattr(sys, "argv", ["aces", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return end.value.code or 0, printed.out, printed.err

    return aces


ASKED = {
    "conditional_logit": (
        {
            "cluster": "person",
            "by": ["sex"],
            "weights": "weight",
            "offset": "known",
            "cov_type": "cluster",
            "constraints": ["quality[m] = quality[f]"],
        },
        [
            *("--cluster", "person", "--by", "sex", "--weights", "weight", "--offset", "known"),
            *("--cov-type", "cluster", "--constraint", "quality[m] = quality[f]"),
        ],
    ),
    "exploded_logit": ({"depth": 2}, ["--set", "depth=2"]),
    "latent_class": (
        {"panel": "person", "common": ["quality"], "classes": 2, "starts": 3},
        ["--set", "panel=person", "--set", "common=quality", "--set", "starts=3"],
    ),
    "mixed_logit": (
        {"panel": "person", "random": {"price": "normal"}, "draws": 30, "cluster": "person"},
        [
            *("--set", "panel=person", "--set", "random.price=normal", "--set", "draws=30"),
            *("--cluster", "person"),
        ],
    ),
    "nested_logit": ({"nests": "wheels"}, ["--set", "nests=wheels"]),
}


def tastes(people=60, seed=2):
    """Two types of people, so that classes and spreads are there to be found."""
    table = trips(people, 8, seed)
    rng = np.random.default_rng(seed)
    slope = np.where(table["person"] % 2, -3.0, 0.5)
    worth = slope * table["price"] + table["quality"] + rng.gumbel(size=len(table))
    by_trip = worth.groupby(table["trip"])
    chosen = (worth == by_trip.transform("max")).astype(int)
    return table.assign(chosen=chosen, rank=by_trip.rank(ascending=False).astype(int))


@pytest.mark.parametrize("model", MODELS)
def test_the_command_gives_what_python_gives(aces, model):
    table = tastes()
    table.to_csv("trips.csv", index=False)
    formula = FORMULA.replace("chosen", "rank" if model == "exploded_logit" else "chosen")
    keywords, arguments = ASKED[model]
    kind = getattr(analysis, MODELS[model])
    made = {k: v for k, v in keywords.items() if k not in ("cov_type", "constraints")}
    fitted = {k: v for k, v in keywords.items() if k not in made}
    for name in ("classes", "starts", "draws"):
        if name in made:
            fitted[name] = made.pop(name)
    expected = kind.from_formula(formula, table, "trip", **made).fit(**fitted).table()
    status, told, _ = aces(
        *("analyze", "trips.csv", "--formula", formula, "--choice-set", "trip"),
        *("--model", model, *arguments, "--out", "found"),
    )
    assert status == 0
    rows = pd.read_csv("found/estimates.csv")
    rows = rows[rows["estimator"] == model].set_index("term")
    for row in expected.to_dict("records"):
        found = rows.loc[row["term"]]
        for name in ("estimate", "std_error", "ci_low", "ci_high"):
            assert found[name] == pytest.approx(row[name], rel=1e-12, nan_ok=True), row["term"]
        assert row["term"] in told
    assert set(rows["n_trials"]) == {len(table) // 3 * (2 if model == "exploded_logit" else 1)}


def test_groups_stand_side_by_side_in_the_layout_of_a_paper(aces, tmp_path):
    trips().to_csv("trips.csv", index=False)
    status, told, _ = aces(
        *("analyze", "trips.csv", "--formula", FORMULA, "--choice-set", "person,task"),
        *("--cluster", "person", "--by", "sex", "--table", "paper", "--out", "found"),
    )
    assert status == 0
    (head,) = [line.split() for line in told.splitlines() if line.split() == ["m", "f"]]
    sheet = pd.read_csv("found/paper.csv")
    assert set(zip(sheet["term"], sheet["model"], strict=True)) == {
        (term, who) for term in ("price", "quality") for who in head
    }
    assert r"\begin{tabular}{lcc}" in (tmp_path / "found" / "paper.tex").read_text()
    assert "clustered by person" in told


def test_few_clusters_are_told_and_bootstrapped(aces):
    trips(people=8).to_csv("trips.csv", index=False)
    common = ("analyze", "trips.csv", "--formula", FORMULA, "--choice-set", "trip")
    _, plain, _ = aces(*common, "--cluster", "person")
    assert "note: 8 clusters" in plain
    _, told, _ = aces(*common, "--cluster", "person", "--bootstrap")
    assert "score bootstrap" in told


def edited(**columns):
    """The table with cells changed: column -> (row, value)."""
    table = trips().astype(dict.fromkeys(columns, object))
    for name, (row, value) in columns.items():
        table.loc[row, name] = value
    return table


def with_commas():
    """Prices with decimal commas."""
    table = trips()
    return table.assign(price=table["price"].map("{:.2f}".format).str.replace(".", ","))


TRAPS = {
    "a cell that is no number": (
        edited(price=(5, "abc")),
        [],
        "'price' holds numbers and text: row 5 of the table has 'abc'",
    ),
    "decimal commas": (with_commas(), [], "'price' holds numbers as text: row 0"),
    "a missing price": (edited(price=(4, None)), [], "'price' (1 rows, first in choice set 1)"),
    "an outcome in words": (
        trips().replace({"chosen": {0: "no", 1: "yes"}}),
        [],
        "outcome 'chosen' must be 0/1 or probabilities; row 0 of the table has 'yes'",
    ),
    "a set without a number": (
        edited(trip=(7, None)),
        [],
        "'trip' is missing in 1 rows, first in row 7",
    ),
    "numbers of sets that start again": (
        trips(),
        ["--choice-set", "task"],
        "Rows of choice set 0 do not stand together (one part begins in row 15)",
    ),
    "the table twice": (pd.concat([trips()] * 2), [], "leave the copies out"),
    "a column twice another": (
        trips(),
        ["--formula", "chosen ~ price + double"],
        "'double' is collinear: within choice sets it equals 2 x 'price'",
    ),
    "a column of the person": (
        trips(),
        ["--formula", "chosen ~ price + income"],
        "no choice set holds two values of 'income'",
    ),
    "perfect prediction": (
        trips().assign(bought=trips()["chosen"]),
        ["--formula", "chosen ~ price + bought"],
        "'bought' predicts choices perfectly",
    ),
    "a column misspelt": (
        trips(),
        ["--formula", "chosen ~ prise"],
        "there is no column 'prise'; did you mean 'price'?",
    ),
    "another misspelt": (trips(), ["--cluster", "persn"], "did you mean 'person'?"),
    "half a formula": (trips(), ["--formula", "chosen ~ price +"], "can't be read"),
    "clustered by nothing": (trips(), ["--cov-type", "cluster"], "needs clusters"),
    "no such errors": (trips(), ["--cov-type", "hc1"], "cov_type of conditional_logit"),
    "no such model": (trips(), ["--model", "mixed"], "did you mean 'mixed_logit'?"),
    "an option of another model": (
        trips(),
        ["--set", "draws=50"],
        "conditional_logit takes no 'draws'",
    ),
    "an option left out": (trips(), ["--model", "mixed_logit"], "mixed_logit needs 'random'"),
    "no value": (trips(), ["--set", "draws"], "expected KEY=VALUE"),
    "an option of runs": (trips(), ["--compare"], "--compare is of runs"),
    "nothing in it": (trips().head(0), [], "no choice set has an outcome"),
    "separated otherwise": ("price;chosen\n1;1\n", [], "columns are separated by ';'"),
    "two columns of one name": ("trip,price,price\n1,1,1\n", [], "two columns are called 'price'"),
    "an empty file": ("", [], "can't be read as a CSV table"),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_refused_by_name(aces, tmp_path, trap):
    table, arguments, says = TRAPS[trap]
    text = table if isinstance(table, str) else table.to_csv(index=False)
    (tmp_path / "trips.csv").write_text(text)
    given = ["--formula", FORMULA, "--choice-set", "trip", *arguments]
    status, _, complaint = aces("analyze", "trips.csv", *given)
    assert status in (1, 2)
    assert complaint.startswith("error: ")
    assert says in complaint


def test_options_of_formulas_are_not_dropped_where_there_is_none(aces):
    trips().to_csv("trips.csv", index=False)
    status, _, complaint = aces("analyze", "trips.csv", "--out", "found", "--weights", "weight")
    assert status == 2
    assert "--weights goes with --formula" in complaint


def test_an_option_is_a_keyword_of_python_and_checked_as_one():
    assert {"random", "panel", "draws", "correlated", "weights"} <= set(options_of("mixed_logit"))
    with pytest.raises(UserError, match=r"draws of mixed_logit: .*integer.*'many'"):
        fit_formula(
            FORMULA,
            trips(),
            "trip",
            model="mixed_logit",
            options={"random": {"price": "normal"}, "draws": "many"},
        )


def test_copies_of_rows_are_told(aces):
    table = trips()
    pd.concat([table, table[table["trip"].eq(3) & table["chosen"].eq(0)]]).to_csv(
        "trips.csv", index=False
    )
    _, told, _ = aces("analyze", "trips.csv", "--formula", FORMULA, "--choice-set", "trip")
    assert "note: 2 rows of the table are copies of others" in told


@pytest.mark.parametrize(
    ("formula", "terms"),
    [
        ("chosen ~ center(price)", ["center(price)"]),
        ("chosen ~ quality + scale(price):sex", ["scale(price):sex[m]", "scale(price):sex[f]"]),
        ("chosen ~ bs(price, df=4)", [f"bs(price, df=4)[{k}]" for k in range(1, 5)]),
        ("chosen ~ `my price` * quality", ["my price", "quality", "my price:quality"]),
    ],
)
def test_terms_of_all_rows_and_names_of_several_words(formula, terms):
    table = trips()
    found = fit_formula(formula, table.assign(**{"my price": table["price"]}), "trip").result
    assert set(terms) <= set(found.terms)
