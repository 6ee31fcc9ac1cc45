"""Which choice model stands behind a decision: how it is fitted, and the population it tells of."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from aces.errors import EstimationError
from aces.stats import nested, population
from aces.stats.choice import ChoiceFit, estimate
from aces.stats.choice_data import ChoiceData, Floats, Ints
from aces.stats.covariance import Covariance, covariance
from aces.stats.latent import fit as latent
from aces.stats.mixed import fit as mixed
from aces.stats.population import PopulationOf
from aces.types import Record
from analysis.choice_sample import require_column
from analysis.display import listed
from analysis.latent_class import joined, known
from analysis.model_settings import LatentSettings, MixedSettings, NestedSettings
from analysis.nested_logit import Nesting


class Conditional(Record):
    """One taste for all, and odds of two listings that depend on no third."""

    use: Literal["conditional_logit"] = "conditional_logit"

    def __repr__(self) -> str:
        return "{use: conditional_logit}"


class Mixed(MixedSettings):
    """Tastes that differ: a mixed logit."""

    use: Literal["mixed_logit"]


class Nested(NestedSettings):
    """Closer substitutes: a nested logit."""

    use: Literal["nested_logit"]


class Latent(LatentSettings):
    """Types of deciders: a latent class logit."""

    use: Literal["latent_class"]
    classes: int = Field(default=2, ge=2)
    """How many."""


Model: TypeAlias = Annotated[Conditional | Mixed | Nested | Latent, Field(discriminator="use")]


class Fit(Protocol):
    """Estimates of any of the models."""

    @property
    def data(self) -> ChoiceData:
        """The choice sets."""
        ...

    @property
    def covariance(self) -> Covariance:
        """Of the estimates."""
        ...

    @property
    def params(self) -> Floats:
        """(P,) estimates."""
        ...


@dataclass(frozen=True)
class Fitted:
    """A fitted model.

    Attributes:
        fit: The estimates.
        population: The population that parameters tell of.
        name: Of the model, in words.
        nests: Nest of each row of a table, the last number for those in none; None without nests.
        said: What must be said of it.
    """

    fit: Fit
    population: PopulationOf
    name: str
    nests: Callable[[pd.DataFrame], Ints] | None = None
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """What is fitted.

    Attributes:
        data: The choice sets.
        frame: Their rows, in the order of `data`.
        table: The whole table of the buyer.
        terms: Names of the terms.
        cluster: Column of clusters; None without.
    """

    data: ChoiceData
    frame: pd.DataFrame
    table: pd.DataFrame
    terms: tuple[str, ...]
    cluster: str | None

    @property
    def clusters(self) -> Ints | None:
        """(rows,) cluster of each row; None without."""
        return None if self.cluster is None else self.frame[self.cluster].factorize()[0]


def fitted(model: Model, sample: Sample) -> Fitted:
    """Fits a model.

    Args:
        model: Which, and its parameters.
        sample: What is fitted.

    Raises:
        EstimationError: If the model can't be estimated.
    """
    match model:
        case Mixed():
            return _mixed(model, sample)
        case Nested():
            return _nested(model, sample)
        case Latent():
            return _latent(model, sample)
    at = estimate(sample.data)
    found = ChoiceFit(sample.data, at, covariance(sample.data, at, None, sample.clusters))
    return Fitted(found, population.one_type, "conditional logit")


def _mixed(model: Mixed, sample: Sample) -> Fitted:
    random = model.random or dict.fromkeys(sample.terms, "normal")
    if unknown := [name for name in random if name not in sample.terms]:
        raise EstimationError(f"random names '{unknown[0]}', which is no term of the model.")
    found = mixed.fit(
        sample.data,
        random,
        deciders=_deciders(sample, [model.panel] if model.panel else []),
        clusters=sample.clusters,
        correlated=model.correlated,
        draws=mixed.DrawsUsed(model.draws, model.sequence),
        other_sets=0,
    )
    shapes = listed([f"{name} {shape}" for name, shape in random.items()])
    whose = f" between values of {model.panel}" if model.panel else ""
    name = f"mixed logit ({shapes}{whose}; shares from {found.draws})"
    return Fitted(found, population.mixed(found), name)


def _nested(model: Nested, sample: Sample) -> Fitted:
    nesting = Nesting.of(sample.table, model.nests)
    labels = nesting.labels(sample.frame)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nested.DissimilarityWarning)  # it is said
        found = nested.fit(
            sample.data, labels.to_numpy(), clusters=sample.clusters, common=model.common
        )
    place = {name: m for m, name in enumerate(found.nests.names)}

    def nests(frame: pd.DataFrame) -> Ints:
        own = nesting.labels(frame).astype(str).map(place).fillna(len(place))
        return np.asarray(own.to_numpy(dtype=int))

    name = f"nested logit ({listed(list(found.nests.names))} by {nesting.told})"
    above = [label for label, value in nested.dissimilarities(found).items() if value > 1]
    said = (f"dissimilarity above 1: {listed(above)}",) if above else ()
    return Fitted(found, population.nested(found), name, nests, said)


def _latent(model: Latent, sample: Sample) -> Fitted:
    for column in model.membership:
        require_column(sample.frame, column)
    names, columns = known(" + ".join(("1", *model.membership)), sample.frame)
    levels = sample.data.names[sample.data.n_terms :]
    found = latent.fit(
        sample.data,
        model.classes,
        deciders=_deciders(sample, model.panel),
        membership=columns if names else None,
        membership_names=names,
        common=(*model.common, *levels),
        clusters=sample.clusters,
        starts=model.starts,
    )
    name = f"latent class logit of {model.classes} classes"
    return Fitted(found, population.latent(found), name)


def _deciders(sample: Sample, columns: Sequence[str]) -> NDArray[np.str_] | None:
    """(rows,) who chose; None where each set has a decider of its own."""
    for column in columns:
        require_column(sample.frame, column)
    if not columns:
        return None
    if sample.cluster is not None:
        met = sample.frame.groupby(list(columns))[sample.cluster].nunique()
        if (met > 1).any():
            raise EstimationError(
                f"{listed(columns)} {met.idxmax()} meets several values of '{sample.cluster}': "
                "write `cluster: null` for errors by decider"
            )
    return joined(sample.frame, columns)
