"""Who sells how much: market shares and concentration, with intervals."""

from collections.abc import Sequence

import pandas as pd

from aces.errors import EstimationError
from aces.stats.shares import goodman_interval, hhi, modal_share, wilson_interval
from analysis.choice_sample import require_column


def market_shares(
    data: pd.DataFrame,
    by: Sequence[str] = (),
    *,
    product: str = "product_id",
    chosen: str = "chosen",
    choice_set: str = "trial_id",
    level: float = 0.95,
) -> pd.DataFrame:
    """Returns each product's share of the choices, products never chosen included.

    Args:
        data: Long table: one row per alternative per choice set. Sets without a choice don't count.
        by: Columns that split the market, such as `["buyer", "task_id"]`.
        product: Column of the product.
        chosen: Column of the outcome, 0/1.
        choice_set: Column of the choice set.
        level: Confidence level.

    Returns:
        The `by` columns, product, n_shown (sets with the product), n_chosen, n_choices (sets with a
        choice), share, Wilson limits (for one share) and Goodman limits (for all of them at once).
        They take choice sets as independent.
    """
    tables = [
        pd.DataFrame({**dict(zip(by, key, strict=True)), **_shares(counts, product, level)})
        for key, counts in _counts(data, list(by), product, chosen, choice_set)
    ]
    return pd.concat(tables, ignore_index=True)


def concentration(
    data: pd.DataFrame,
    by: Sequence[str] = (),
    *,
    product: str = "product_id",
    chosen: str = "chosen",
    choice_set: str = "trial_id",
    level: float = 0.95,
) -> pd.DataFrame:
    """Returns how concentrated choices are: HHI (unbiased, 0 to 1) and the greatest share.

    Arguments are those of `market_shares`. Columns: the `by` columns, n_choices, n_products, hhi,
    hhi_low, hhi_high, modal_product, modal_share, modal_low, modal_high.
    """
    rows = []
    for key, counts in _counts(data, list(by), product, chosen, choice_set):
        values = counts["n_chosen"].to_numpy(dtype=float)
        index, mode = hhi(values, level), modal_share(values, level)
        found = {
            "n_choices": int(values.sum()),
            "n_products": len(values),
            "hhi": index.estimate,
            "hhi_low": index.low,
            "hhi_high": index.high,
            "modal_product": counts["n_chosen"].idxmax(),
            "modal_share": mode.estimate,
            "modal_low": mode.low,
            "modal_high": mode.high,
        }
        rows.append({**dict(zip(by, key, strict=True)), **found})
    return pd.DataFrame(rows)


def _counts(
    data: pd.DataFrame, by: list[str], product: str, chosen: str, choice_set: str
) -> list[tuple[tuple[object, ...], pd.DataFrame]]:
    """For each part of the market: products as index, n_shown and n_chosen as columns."""
    for column in [*by, product, chosen, choice_set]:
        require_column(data, column)
    made = data.groupby(choice_set)[chosen].transform("sum") > 0
    if not made.any():
        raise EstimationError(f"no choice set has a choice in '{chosen}'.")
    found = []
    parts = data[made].groupby(by, sort=True) if by else [((), data[made])]
    for key, part in parts:
        grouped = part.groupby(product, sort=True, observed=True)[chosen]
        counts = pd.DataFrame({"n_shown": grouped.size(), "n_chosen": grouped.sum()})
        found.append((tuple(key), counts))
    return found


def _shares(counts: pd.DataFrame, product: str, level: float) -> dict[str, object]:
    values = counts["n_chosen"].to_numpy(dtype=float)
    n = float(values.sum())
    wilson, goodman = wilson_interval(values, n, level), goodman_interval(values, n, level)
    return {
        product: counts.index.to_numpy(),
        "n_shown": counts["n_shown"].to_numpy(),
        "n_chosen": counts["n_chosen"].to_numpy(),
        "n_choices": int(n),
        "share": values / n,
        "wilson_low": wilson[0],
        "wilson_high": wilson[1],
        "goodman_low": goodman[0],
        "goodman_high": goodman[1],
    }
