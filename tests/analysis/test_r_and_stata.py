"""What the page on R and Stata says comes out, as far as it can be run here."""

import os
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest

import analysis
from analysis import ConditionalLogit, load_choices
from analysis.frame import export
from analysis.linear_probability import Model, linear_probability

PAGE = Path(analysis.__file__).parents[1] / "docs" / "r-and-stata.md"
STORED = Path(analysis.__file__).parent / "notebooks" / "stored"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.M | re.S)


def block(language, starts):
    (found,) = [text for text in blocks(language) if starts in text]
    return found


@pytest.fixture(scope="module")
def choices():
    return load_choices(STORED)


@pytest.fixture(scope="module")
def ours(choices):
    """The page's own Python, but for the file."""
    (formula,) = re.findall(r'"(chosen ~ .*)"', block("python", "ConditionalLogit"))
    return ConditionalLogit.from_formula(
        formula,
        data=choices[choices.buyer == "old"],
        choice_set="trial_id",
        effects="product_id",
        cluster="world_id",
    ).fit()


def printed_table():
    """Term -> the numbers of its line on the page."""
    lines = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text().replace("−", "-"), re.M)
    return {term: [float(n) for n in re.findall(r"-?\d+\.\d+", rest)] for term, rest in lines}


def test_the_page_prints_our_estimates(ours):
    table = ours.table().set_index("term")
    found = printed_table()
    assert list(found) == list(table.index)
    for term, numbers in found.items():
        expected = table.loc[term, ["estimate", "std_error", "ci_low", "ci_high"]].to_list()
        assert numbers == pytest.approx(expected, abs=5.1e-5)


def test_every_block_fits_the_same_terms(ours):
    """R, fixest and Stata name the terms of the Python, in its order."""
    fits = [
        text for text in (*blocks("r"), *blocks("stata")) if "chosen ~" in text or "logit" in text
    ]
    assert len(fits) == 6
    for text in fits:
        named = re.search(r"row_1.*?scarcity", text, re.S)
        assert named is not None
        assert re.findall(r"\w+", named[0]) == list(ours.terms)


def test_fixest_as_translated_to_python_agrees(choices, ours):
    import pyfixest

    asked = block("r", "fepois")
    assert "ssc(K.adj = FALSE, G.adj = TRUE)" in asked
    assert re.search(r"scarcity \|\s+trial_id \+ product_id,", asked)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = pyfixest.fepois(
            f"chosen ~ {' + '.join(ours.terms)} | trial_id + product_id",
            choices[choices.buyer == "old"],
            vcov={"CRV1": "world_id"},
            ssc=pyfixest.ssc(k_adj=False, G_adj=True),
            iwls_tol=1e-10,
        )
    assert fit.coef().to_numpy() == pytest.approx(ours.params.to_numpy(), abs=1e-6)
    assert fit.se().to_numpy() == pytest.approx(ours.bse.to_numpy(), rel=1e-5)


def test_the_linear_model_agrees_with_the_default_factor(choices, ours):
    import pyfixest

    assert "ssc" not in block("r", "feols")
    old = choices[choices.buyer == "old"]
    found = linear_probability(
        old, Model("lpm", tuple(ours.terms), ("world_id",), effects="product_id")
    )
    lines = {line.term: line for line in found.lines if line.kind == "coefficient"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        formula = f"chosen ~ {' + '.join(ours.terms)} + C(product_id) | trial_id"
        fit = pyfixest.feols(formula, old, vcov={"CRV1": "world_id"})
    for term in ours.terms:
        assert lines[term].values["estimate"] == pytest.approx(fit.coef()[term], abs=1e-9)
        assert lines[term].values["std_error"] == pytest.approx(fit.se()[term], rel=1e-6)


def has_survival():
    program = shutil.which(os.environ.get("RSCRIPT", "Rscript"))
    if program is None:
        return None
    done = subprocess.run([program, "-e", "library(survival)"], capture_output=True, check=False)
    return program if done.returncode == 0 else None


def test_the_blocks_for_survival_run_in_r(choices, ours, tmp_path):
    program = has_survival()
    if program is None:
        pytest.skip("no Rscript with the package survival")
    export(choices, tmp_path / "choices.csv")
    read = 'choices <- read.csv("choices.csv")\n'
    script = tmp_path / "page.R"
    script.write_text(read + block("r", "ever bought") + block("r", "library(survival)"))
    done = subprocess.run(
        [program, script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(\w+) +(-?\d.*)$", done.stdout, re.M)
    found = {term: np.array(rest.split(), dtype=float) for term, rest in rows}
    assert {term: list(numbers) for term, numbers in found.items()} == printed_table()
