"""P-values of all estimates, adjusted within the families that the experiment declares."""

from collections.abc import Sequence
from dataclasses import replace

from aces.rules import Multiplicity
from aces.stats.multiplicity import benjamini_hochberg, by_family, holm
from aces.types import Estimate
from analysis.fits import GROUP, Fit

_ADJUST = {"holm": holm, "benjamini_hochberg": benjamini_hochberg}


def family(row: Estimate, rules: Multiplicity) -> str:
    """Returns the family of an estimate's test: all models, terms and tasks of one analysis.

    Estimators stand apart, as they tell of the same choices in other units; so do the effects of
    products, which nobody asked for, and terms with a declared family.
    """
    parts = [row.analysis, *([row.estimator] if row.estimator != row.analysis else [])]
    if row.product_id:
        parts.append("products")
    elif own := rules.family(row.term):
        parts.append(own)
    return " · ".join(parts)


def adjusted(rows: Sequence[Estimate], rules: Multiplicity) -> list[Estimate]:
    """Returns the estimates with their family and the p-value adjusted for all tests of it.

    Confirmatory tests are not adjusted for exploratory ones. What is withheld is no test.
    """
    tests = [i for i, row in enumerate(rows) if row.p_value is not None]
    families = [(rows[i].evidence, family(rows[i], rules)) for i in tests]
    p = by_family(
        [rows[i].p_value or 0.0 for i in tests], families, _ADJUST[rules.adjust]
    )  # NaN marks a test that could not be made, and is kept as it is
    found = list(rows)
    for i, (_, name), value in zip(tests, families, p.tolist(), strict=True):
        found[i] = rows[i].model_copy(update={"family": name, "p_adjusted": value})
    return found


def with_adjusted(fits: Sequence[Fit], rows: Sequence[Estimate]) -> list[Fit]:
    """Returns the fits with the adjusted p-values of their coefficients."""
    values = {
        (row.analysis, *(getattr(row, name) for name in GROUP), row.term): row.p_adjusted
        for row in rows
        if row.estimator == "conditional_logit" and row.p_adjusted is not None
    }
    found = []
    for fit in fits:
        key = (fit.analysis, *(fit.group[name] for name in GROUP))
        own = {term: values[(*key, term)] for term in fit.result.terms if (*key, term) in values}
        found.append(replace(fit, adjusted=own))
    return found


def unknown_terms(rows: Sequence[Estimate], rules: Multiplicity) -> list[str]:
    """Says which terms of declared families no estimate is of."""
    known = {row.term for row in rows}
    return [
        f"multiplicity: no estimate is of '{term}', which stands in family '{name}'"
        for name, terms in rules.families.items()
        for term in terms
        if term not in known
    ]
