"""Price ladders: who takes the cheaper of listings that are otherwise alike, at which gap."""

import pandas as pd

from analysis.ladders.arms import arms_of
from analysis.ladders.prices import LadderPrices, price_term, rank_agreement
from analysis.ladders.shares import LadderShares

__all__ = ["LadderPrices", "LadderShares", "price_ladder", "size_agreement"]


def price_ladder(
    table: pd.DataFrame, name: str = "price_ladder", position_lock: float | None = None
) -> list[LadderShares | LadderPrices]:
    """Returns shares by gap and order, and what they say of price, for all buyers.

    Args:
        table: Long table of one run, or of several with shelves of different sizes.
        name: Of the analysis.
        position_lock: Share of purchases above which a buyer is locked to a slot, and has its
            coefficients withheld; None for none.

    Raises:
        EstimationError: If there is no ladder, or nothing was bought.
    """
    arms = arms_of(table, position_lock)
    return [LadderShares(name, arms), LadderPrices(name, [price_term(arm) for arm in arms])]


def size_agreement(table: pd.DataFrame, position_lock: float | None = None) -> list[str]:
    """Returns how shelves of different sizes agree on who minds prices, in sentences.

    Args:
        table: Long table of several runs, as `load_choices([...])` gives it.
        position_lock: As of `price_ladder`.
    """
    if "gap" not in table or table.groupby("trial_id").size().nunique() < 2:
        return []
    found = [price_term(arm) for arm in arms_of(table, position_lock)]
    return list(rank_agreement(found)) or ["too few buyers met ladders of both sizes to be ranked"]
