"""Estimates in a paper's layout: the numbers of the analysis, in order, in three forms."""

import csv
import sys
from dataclasses import replace

import pytest

from aces import cli
from aces.types import Estimate
from analysis.analyze import analyze_paths
from analysis.paper import PaperTable, as_text, group_of, label, paper_tables, stars, write_paper


@pytest.fixture(scope="module")
def runs(planted_runs):
    locked = {"col_1": 9.0, "row_1": 9.0}
    first = planted_runs("one", worlds=150, buyers={"planted": {"row_1": 0.9}, "locked": locked})
    return [first, planted_runs("two", worlds=150, seed=5)]


@pytest.fixture(scope="module")
def found(runs, tmp_path_factory):
    return analyze_paths(runs, tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def table(found):
    (table,) = [one for one in paper_tables(found) if one.analysis == "conditional_logit"]
    return table


def test_the_order_is_that_of_the_aces_paper(table):
    groups = {name: [label(term) for term in terms] for name, terms in table.groups()}
    assert list(groups) == ["Position", "Price", "Rating", "Reviews", "Tags"]
    assert groups["Position"] == ["Row 1", "Column 1", "Column 2", "Column 3"]
    assert groups["Tags"] == ["Sponsored", "Overall pick", "Scarcity"]
    assert (groups["Price"], groups["Reviews"]) == (["ln price"], ["ln (1 + reviews)"])


def test_runs_stand_side_by_side_with_the_numbers_of_the_analysis(table, found):
    assert table.models == ("planted · json (one)", "planted · json (two)")
    for column, one in enumerate(found):
        own = (e for e in one.estimates if (e.buyer, e.analysis) == ("planted", table.analysis))
        rows = {e.term: e for e in own if e.estimator == "conditional_logit"}
        for term, cells in table.rows.items():
            assert cells[column] == rows[term]
    assert table.feet["Trials"] == ("300", "300")
    assert table.feet["Clusters"] == ("300", "300")
    assert set(table.feet) == {"Trials", "Clusters", "Log-likelihood", "McFadden's R2"}


def test_a_locked_buyer_has_no_column_and_a_sentence(table):
    assert not any("locked" in model for model in table.models)
    assert "locked" in table.note


def test_text_has_errors_beneath_estimates_and_stars(table):
    lines = as_text(table.table).splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("  Row 1"))
    row = table.rows["row_1"]
    assert f"{row[0].estimate:.3f}{stars(row[0].p_value)}" in lines[at]
    assert f"({row[0].std_error:.3f})" in lines[at + 1]
    assert stars(row[0].p_value) == "***"


@pytest.mark.parametrize(
    ("p", "mark"), [(0.0009, "***"), (0.001, "**"), (0.01, "*"), (0.05, ""), (None, "")]
)
def test_stars(p, mark):
    assert stars(p) == mark


def test_files_hold_the_same_numbers(table, tmp_path):
    text, sheet, tex = write_paper([table], tmp_path)
    with sheet.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(cell is not None for cells in table.rows.values() for cell in cells)
    for row in rows:
        cell = table.rows[row["term"]][table.models.index(row["model"])]
        assert float(row["estimate"]) == cell.estimate
        assert float(row["std_error"]) == cell.std_error
    assert "Overall pick" in text.read_text(encoding="utf-8")
    lines = tex.read_text(encoding="utf-8").splitlines()
    body = lines[lines.index(r"\toprule") + 1 : lines.index(r"\bottomrule")]
    cells = [line for line in body if line != r"\midrule"]
    assert all(line.endswith(r"\\") and line.count("&") == 2 for line in cells)
    assert any(line.startswith(r"\quad Row 1 & 0.") for line in cells)


def test_what_latex_would_stumble_over_is_escaped():
    row = Estimate(
        analysis="50 %_a",
        estimand="choice",
        buyer="b",
        interface="i",
        estimator="x",
        term="C(a)[T.b_c] & d",
        estimate=-1.5,
        std_error=0.5,
        p_value=0.02,
    )
    table = PaperTable("50 %_a", ("m&m · x",), {row.term: (row,)}, {"Trials": ("1",)}, "p < .05 #")
    tex = table.latex()
    assert r"\caption{50 \%\_a}" in tex
    assert r"m\&m $\cdot$ x" in tex
    assert r"\quad C(a)[T.b\_c] \& d & $-$1.500\textsuperscript{*} \\" in tex
    assert r"p $<$ .05 \#" in tex


@pytest.mark.parametrize(
    ("term", "group"),
    [
        ("pos_3", "Position"),
        ("price", "Price"),
        ("cheaper", "Price"),
        ("best_seller", "Tags"),
        ("row_1:sponsored", "Others"),
        ("authority", "Others"),
    ],
)
def test_terms_find_their_group(term, group):
    assert group_of(term) == group


def test_the_tenth_row_comes_after_the_second(found):
    rows = [e for e in found[1].estimates if e.estimator == "conditional_logit"]
    terms = ["row_10", "col_1", "row_2"]
    made = [rows[0].model_copy(update={"term": term}) for term in terms]
    (table,) = paper_tables([replace(found[1], estimates=tuple(made))])
    assert list(table.rows) == ["row_2", "row_10", "col_1"]


def test_the_command_prints_and_writes_it(runs, tmp_path, monkeypatch, capsys):
    def aces(*arguments):
        monkeypatch.setattr(sys, "argv", ["aces", "analyze", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code or 0, capsys.readouterr()

    status, told = aces(*runs, "--out", tmp_path, "--table", "paper")
    assert status == 0
    assert "McFadden's R2" in told.out
    assert "How trials ended" not in told.out
    assert {path.name for path in tmp_path.iterdir()} >= {"paper.txt", "paper.csv", "paper.tex"}
    status, told = aces(*runs, "--table", "book")
    assert status == 2
    assert "--table book is unknown. Known: paper" in told.err
