"""The summary of a conditional logit as text."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analysis.choice_result import ConditionalLogitResult

LISTED = 5


def summary(result: "ConditionalLogitResult") -> str:
    """Returns head, table of terms and notes, in lines of at most about 100 characters."""
    return "\n".join(["Conditional logit", *_head(result), "", *_rows(result), "", _errors(result)])


def _head(result: "ConditionalLogitResult") -> list[str]:
    data, provenance = result.choice_fit.data, result.provenance
    lines = [("Estimand", result.estimand), ("Choice sets", _sets(result))]
    if provenance.left_out:
        lines.append(("Left out", _counted(provenance.left_out)))
    if provenance.effects is not None:
        lines += [("Effects", line) for line in _effects(result)]
    if result.never_chosen:
        rows = {f"'{name}'": count for name, count in result.never_chosen.items()}
        lines.append(("Never chosen", f"rows dropped: {_counted(rows, after=True)}"))
    lines.append(("Log-likelihood", f"{result.llf:,.3f}; equal shares {result.llnull:,.3f}"))
    lines.append(("McFadden's R2", f"{result.prsquared:.4f} with {data.n_columns} coefficients"))
    return [f"{title + ':':<16}{text}" for title, text in lines]


def _sets(result: "ConditionalLogitResult") -> str:
    sizes = result.choice_fit.data.sizes
    low, high = int(sizes.min()), int(sizes.max())
    each = f"{low}" if low == high else f"{low} to {high}"
    extra = " and buying nothing" if result.provenance.outside else ""
    alone = int((sizes == 1).sum()) if not result.provenance.outside else 0
    silent = f"; {alone:,} with a single alternative say nothing" if alone else ""
    return f"{result.nobs:,} of {each} alternatives{extra}, {int(sizes.sum()):,} rows{silent}"


def _effects(result: "ConditionalLogitResult") -> list[str]:
    effects = result.provenance.effects
    assert effects is not None
    if result.provenance.outside:
        return [f"{len(effects.names)} of {effects.column}, against buying nothing"]
    return [
        f"{len(names)} of {effects.column}, baseline '{baseline}'"
        for baseline, names in list(effects.baselines.items())[:LISTED]
    ] + ([f"... {len(effects.baselines)} baselines"] if len(effects.baselines) > LISTED else [])


def _rows(result: "ConditionalLogitResult") -> list[str]:
    width = max([len(term) for term in result.terms] + [4])
    lines = [f"{'term':<{width}}  estimate  std error    95 % interval       p"]
    for row in result.table().itertuples():
        interval = f"[{row.ci_low:8.4f}, {row.ci_high:8.4f}]"
        p_value = "< .001" if float(str(row.p_value)) < 0.001 else f"{row.p_value:6.3f}"
        lines.append(
            f"{row.term:<{width}}  {row.estimate:8.4f}  {row.std_error:9.4f}  {interval}  {p_value}"
        )
    return lines


def _errors(result: "ConditionalLogitResult") -> str:
    if result.cov_type == "cluster":
        by = result.provenance.cluster or "cluster"
        return (
            f"Errors: clustered by {by} (CR1, {result.n_clusters:,} clusters); intervals and "
            f"p-values from t({result.df:.0f})."
        )
    fractional = not np.isin(result.choice_fit.data.y, (0, 1)).all()
    if result.cov_type == "robust":
        return "Errors: robust by choice set (sandwich); intervals and p-values from the normal."
    warning = " They do not hold for outcomes that are probabilities." if fractional else ""
    return f"Errors: information matrix; intervals and p-values from the normal.{warning}"


def _counted(counts: Mapping[str, int], *, after: bool = False) -> str:
    shown = list(counts.items())[:LISTED]
    texts = [f"{name} ({n:,})" if after else f"{n:,} {name}" for name, n in shown]
    return ", ".join(texts) + (f", ... {len(counts)} in all" if len(counts) > LISTED else "")
