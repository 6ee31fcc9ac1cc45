"""A planted buyer that reads titles: it likes those that begin with what it looks for."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from aces.seeds import Stream
from aces.types import PerceivedListing
from agents.buyers.utility import UtilityBuyer


class KeywordBuyer(UtilityBuyer):
    """A utility shopper to whom a title that begins with a keyword is worth something."""

    class Config(UtilityBuyer.Config):
        """Parameters, beside those of the utility buyer."""

        keyword: str = ""
        """What a title must begin with, whatever the case of its letters."""
        value: float = 1.0
        """What such a title is worth to it, in log-odds."""
        truth_term: str = ""
        """The 0/1 column of the treatment that writes the keyword into titles (`rewritten`): the
        term under which `value` is stored as truth. Empty: no truth is stored."""

    config: Config

    def utilities(
        self, shelf: Sequence[PerceivedListing], taste: Stream | None = None
    ) -> NDArray[np.float64]:
        """Returns the systematic utility of each listing, shape (J,).

        Args:
            shelf: What is seen.
            taste: Stream of this shopper's deviations; None for the mean shopper.
        """
        keyword = self.config.keyword.casefold()
        begins = [bool(keyword) and i.title.casefold().startswith(keyword) for i in shelf]
        return super().utilities(shelf, taste) + self.config.value * np.array(begins, dtype=float)

    def truth(self) -> Mapping[str, float] | None:
        """Returns the planted coefficients; None where the keyword is no term of the analysis."""
        planted, term = super().truth(), self.config.truth_term
        if planted is None or (self.config.keyword and not term):
            return None
        worth = self.config.value if self.config.keyword else 0.0
        return {**planted, term: worth} if term else planted
