"""Checks of independence of irrelevant alternatives as an analysis of an experiment file."""

from typing import ClassVar

import pandas as pd
from pydantic import PositiveInt

from analysis.iia import Asked, IIAChecks
from analysis.iia_removal import Model
from analysis.model_settings import UtilitySettings


class IIAEstimator:
    """Whether the odds of two listings depend on a third: by removal, and by score tests."""

    coefficients: ClassVar[bool] = True

    class Config(UtilitySettings):
        """Parameters of the checks."""

        name: str = "iia"
        """Of the analysis; that of its entry where not given."""
        nests: str | dict[str, tuple[str, ...]] | None = None
        """Column with groups that may be closer substitutes, or group -> product ids."""
        products: tuple[str, ...] = ()
        """Listings whose removal is looked at; all that some shelves of their task lack where not
        given."""
        hausman: tuple[str, ...] = ()
        """Listings for Hausman and McFadden's test, by bootstrap; none by default."""
        draws: PositiveInt = 999
        """Draws of its bootstrap."""

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
