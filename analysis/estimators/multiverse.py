"""A multiverse as an estimator of an experiment file."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Self

import pandas as pd
from pydantic import Field, field_validator, model_validator

from aces.errors import EstimationError, nearest
from aces.store import RunStore
from aces.types import Record
from analysis.exclusions import without_excluded
from analysis.frame import choices
from analysis.multiverse import Part, multiverse
from analysis.study import Study
from analysis.universes import ALL, MODELS, NONE, Scale


class MultiverseEstimator:
    """One term through all declared alternatives: specification curve and joint test."""

    class Config(Record):
        """Parameters of the estimator."""

        name: str = "multiverse"
        """Of the analysis; that of its entry where not given."""
        term: str
        """What is asked about, such as `sponsored`, `log_price` or `row_1`."""
        over: Mapping[str, tuple[Any, ...] | str]
        """Dimension -> options. A column selects trials: `each`, `all`, a value, a list of values;
        so do `picture` (resolution) and the name of a treatment of pages. Choices of the analyst:
        `estimator`, `effects`, `cluster`, `controls`, `exclude`, `outside`."""
        terms: tuple[str, ...] = ()
        """Controls where they are `all`; where not given, every level that the design varies."""
        scale: Scale | None = None
        """`log_odds`, for conditional logits alone, or `probability`; not given: whichever holds
        all estimators."""
        runs: tuple[str, ...] = ()
        """Further run folders, whose trials are added; `run` tells them apart."""
        redraws: int = Field(default=1000, ge=0, le=100_000)
        """Draws of the joint test; 0 for none."""

        @field_validator("over", mode="before")
        @classmethod
        def _listed(cls, over: Any) -> Any:  # noqa: ANN401
            if not isinstance(over, Mapping):
                return over
            # one option needs no brackets
            return {n: o if isinstance(o, str | list | tuple) else (o,) for n, o in over.items()}

        @field_validator("over")
        @classmethod
        def _known(cls, over: Mapping[str, Any]) -> Mapping[str, Any]:
            if not over:
                raise ValueError("a multiverse needs a dimension: `over: {estimator: [...]}`")
            for name, options in over.items():
                if not options:
                    raise ValueError(f"`{name}` has no option")
            for name in _options(over, "estimator"):
                if name not in MODELS:
                    raise ValueError(f"estimator '{name}' is unknown{nearest(str(name), MODELS)}")
            for option in _options(over, "controls"):
                if not isinstance(option, list | tuple) and option not in (ALL, NONE, None):
                    raise ValueError(f"controls are `all`, `none` or lists, found {option!r}")
            for option in _options(over, "exclude"):
                if not isinstance(option, Mapping) and option not in (NONE, None):
                    raise ValueError(
                        f"`exclude` is `none` or `{{column: value}}`, found {option!r}"
                    )
            return over

        @model_validator(mode="after")
        def _one_scale(self) -> Self:
            others = [n for n in _options(self.over, "estimator") if n != "conditional_logit"]
            if others and self.scale == "log_odds":
                raise ValueError(
                    f"{' and '.join(others)} estimates no log-odds; with `scale: probability` all "
                    "are changes of the probability of being bought"
                )
            return self

    coefficients = True
    """Its estimates are withheld of a buyer that is locked to a slot."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.study: Study | None = None

    @property
    def scale(self) -> Scale:
        """The scale of all estimates."""
        estimators = _options(self.config.over, "estimator")
        alone = all(name == "conditional_logit" for name in estimators)
        return self.config.scale or ("log_odds" if alone else "probability")

    def across(self, table: pd.DataFrame) -> list[Part]:
        """Returns the curve of each buyer, or of all where the buyer is a dimension."""
        asked = self.config
        with ExitStack() as stack:
            stores = [stack.enter_context(RunStore.open(path)) for path in asked.runs]
            beside = [Study.of(store) for store in stores]
            table = pd.concat([table, *_tables(table, beside)], ignore_index=True)
            if "buyer" in asked.over or "buyer" not in table:
                return self._of(table, "", beside)
            return self._each_buyer(table, beside)

    def _each_buyer(self, table: pd.DataFrame, beside: Sequence[Study]) -> list[Part]:
        found: list[Part] = []
        reasons = []
        for buyer, rows in table.groupby("buyer", sort=False):
            try:
                found += self._of(rows, str(buyer), beside)
            except EstimationError as error:
                reasons.append(f"{buyer}: {error}")
        if not found:
            raise EstimationError("; ".join(reasons))
        found[0].notes.extend(f"{self.config.name}, {reason}" for reason in reasons)
        return found

    def _of(self, table: pd.DataFrame, whose: str, beside: Sequence[Study]) -> list[Part]:
        asked = self.config
        return multiverse(
            table,
            asked.term,
            asked.over,
            name=asked.name,
            terms=asked.terms,
            scale=self.scale,
            redraws=asked.redraws,
            study=self.study,
            beside=beside,
            whose=whose,
        ).parts()


def _tables(table: pd.DataFrame, beside: Sequence[Study]) -> list[pd.DataFrame]:
    """The long tables of further runs, each by its own exclusion rules, with trials told apart."""
    names = [*table.get("run", pd.Series(dtype=str)).unique(), *(study.name for study in beside)]
    if len(set(names)) < len(names):
        raise EstimationError(f"two runs have one name, found {', '.join(map(str, names))}")
    found = []
    for study in beside:
        rows, _ = without_excluded(choices(study.store), study.spec.exclude)
        found.append(rows.assign(trial_id=f"{study.name}/" + rows["trial_id"].astype(str)))
    return found


def _options(over: Mapping[str, Any], name: str) -> list[Any]:
    given = over.get(name, ())
    return [given] if isinstance(given, str) else list(given)
