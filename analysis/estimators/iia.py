"""Checks of independence of irrelevant alternatives as an analysis of an experiment file."""

from typing import ClassVar

import pandas as pd
from pydantic import PositiveInt

from aces.types import Record
from analysis.iia import Asked, IIAChecks
from analysis.iia_removal import Model


class IIAEstimator:
    """Whether the odds of two listings depend on a third: by removal, and by score tests."""

    coefficients: ClassVar[bool] = True

    class Config(Record):
        """Parameters of the checks."""

        name: str = "iia"
        """Of the analysis; that of its entry where not given."""
        terms: tuple[str, ...] = ()
        """Terms of the utility; where not given, every level that the design varies."""
        nests: str | dict[str, tuple[str, ...]] | None = None
        """Column with groups that may be closer substitutes, or group -> product ids."""
        products: tuple[str, ...] = ()
        """Listings whose removal is looked at; all that some shelves of their task lack where not
        given."""
        hausman: tuple[str, ...] = ()
        """Listings for Hausman and McFadden's test, by bootstrap; none by default."""
        draws: PositiveInt = 999
        """Draws of its bootstrap."""
        effects: str | None = "product_id"
        """Column with a coefficient for each level; null for none."""
        cluster: str | None = "world_id"
        """Unit of randomisation; null for choice sets."""
        outside: bool = False
        """Whether buying nothing is an alternative."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def across(self, table: pd.DataFrame) -> IIAChecks:
        """Returns the checks of each buyer and interface."""
        asked = self.config
        formula = f"chosen ~ {' + '.join(asked.terms)}"
        model = Model(formula, asked.cluster, asked.effects, asked.outside)
        wanted = Asked(
            name=asked.name,
            model=model,
            terms=asked.terms,
            nests=asked.nests,
            products=asked.products,
            hausman=asked.hausman,
            draws=asked.draws,
        )
        return IIAChecks(wanted, table)
