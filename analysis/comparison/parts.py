"""What the tables of a comparison have in common: whose it is, and people beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.comparison.verdict import Versions
from analysis.display import Plot

NAME = "compare"


@dataclass(frozen=True)
class Human:
    """People, or choices as published, beside the versions.

    Attributes:
        name: Who.
        terms: Term -> log-odds and its 95 % limits.
        shares: (task, product) -> share of trials.
        agreement: Version -> pairs of trials on one world with the same outcome, and pairs.
    """

    name: str
    terms: Mapping[str, tuple[float, float, float]]
    shares: Mapping[tuple[str, str], float]
    agreement: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Part:
    """One table of a comparison.

    Attributes:
        found: The comparison.
        human: People beside it; None without.
    """

    found: Versions
    human: Human | None

    @property
    def names(self) -> tuple[str, str]:
        """Old and new, in words."""
        return self.found.pair.names

    @property
    def title(self) -> str:
        """Who is compared."""
        return f"{self.names[0]} → {self.names[1]}"

    @property
    def notes(self) -> list[str]:
        """Nothing: what must be said is with the answer."""
        return []

    @property
    def plots(self) -> list[Plot]:
        """None: the table says it all."""
        return []

    def common(self) -> dict[str, Any]:
        """Returns what all rows of `estimates.csv` say: whose, and from how many trials."""
        keys, rows = self.found.pair.new.keys, self.found.pair.new.rows
        named = {name: keys[name] for name in ("buyer", "interface", "persona") if name in keys}
        return {
            **named,
            "model": str(rows["model"].iloc[0] or "") if "model" in rows else "",
            "analysis": f"{NAME} · {self.title}",
            "n_trials": self.found.shares.trials,
            "n_clusters": self.found.shares.worlds,
        }

    def replicated(self) -> bool:
        """Returns whether the old version was met twice."""
        return self.found.shares.same is not None


def triple(parts: Any, i: int, factor: float = 1.0) -> tuple[float, float, float]:  # noqa: ANN401
    """Returns value and limits of one of several estimates."""
    value, low, high = (factor * float(part[i]) for part in parts)
    return value, low, high
