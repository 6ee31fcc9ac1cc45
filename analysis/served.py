"""Buyers that ask a served model, as a run has stored them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aces.spec import Plugin

COMPREHENSION = "comprehension"
"""The plug-in whose trials ask about the shelf instead of buying from it."""


@dataclass(frozen=True)
class ServedBuyer:
    """A buyer with a model behind it.

    Attributes:
        plugin: Its plug-in, every parameter filled in.
        connection: How its model was reached and what it could do; empty where the run has not
            stored it.
        hashes: Name of a wording -> its hash.
    """

    plugin: Plugin
    connection: Mapping[str, Any] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """The model's name, as it was asked for."""
        return str(self.plugin.parameters["model"])

    @property
    def prompts(self) -> dict[str, str]:
        """Name of each wording -> its text, places to fill in left as they are."""
        return self._texts("prompt")

    @property
    def personas(self) -> dict[str, str]:
        """Name of each persona -> who it is, in words."""
        return self._texts("persona")

    def is_drawn(self, what: str) -> bool:
        """Returns whether each world gets one of its `wordings` or `personas` at random."""
        given = self.plugin.parameters.get("prompt" if what == "wordings" else "persona")
        return isinstance(given, Mapping) and bool(given.get("drawn"))

    def _texts(self, name: str) -> dict[str, str]:
        given = self.plugin.parameters.get(name)
        return dict(given.get("texts") or {}) if isinstance(given, Mapping) else {}

    @property
    def sampling(self) -> dict[str, Any]:
        """How answers are drawn."""
        return dict(self.plugin.parameters.get("sampling") or {})

    @property
    def temperature(self) -> float | None:
        """The sampling temperature; None where the server's own is used."""
        return self.sampling.get("temperature")

    @property
    def speech(self) -> str:
        """How it is made to act: `tools`, `schema` or `text`; empty where it is unknown."""
        return str(self.connection.get("speech") or "")

    @property
    def abilities(self) -> dict[str, Any]:
        """What the server was found able to do."""
        return dict(self.connection.get("abilities") or {})

    @property
    def prices(self) -> dict[str, Any]:
        """What a million tokens cost, by the user's table."""
        asked = self.connection.get("endpoint") or self.plugin.parameters
        return dict(asked.get("prices") or {})

    @property
    def currency(self) -> str:
        """In which its answers are paid for."""
        return str(self.prices.get("currency") or "USD")

    @property
    def is_priced(self) -> bool:
        """Whether the price table gives any price: without one, a cost of 0 says nothing."""
        return any(self.prices.get(name) for name in ("input", "cached_input", "output", "request"))

    @property
    def server(self) -> dict[str, Any]:
        """What the server says of itself."""
        return dict(self.abilities.get("served") or {})

    @property
    def buys(self) -> bool:
        """Whether its trials are purchases, not questions about the shelf."""
        return self.plugin.use != COMPREHENSION


def has_random_weights(model: str) -> bool:
    """Returns whether a model's name says that it has learned nothing: it proves plumbing only."""
    return bool(re.search(r"random|(?<![a-z])tiny(?![a-z])", model.lower()))
