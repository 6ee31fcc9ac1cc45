"""What the parameters of latent classes mean, and the likelihood of choices by decider."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aces.stats.choice_data import Floats, Ints
from aces.stats.mixed.panel import Panel
from aces.stats.scored import Scored

MEMBER_SIZE = 0.2
"""About how large the standard error of a log-odds of membership may be, for differences."""


@dataclass(frozen=True)
class Layout:
    """What the parameters mean: common coefficients, those of each class, then membership.

    Attributes:
        classes: Number of classes C.
        terms: (K,) names of the columns.
        common: Columns whose coefficient all classes share.
        membership: (M,) names of what membership depends on, the constant first.
    """

    classes: int
    terms: tuple[str, ...]
    common: tuple[int, ...]
    membership: tuple[str, ...]

    @cached_property
    def differing(self) -> tuple[int, ...]:
        """Columns with a coefficient for each class."""
        return tuple(k for k in range(len(self.terms)) if k not in self.common)

    @property
    def n_coefficients(self) -> int:
        """Coefficients Q of the utility, over all classes."""
        return len(self.common) + self.classes * len(self.differing)

    @cached_property
    def places(self) -> Ints:
        """(C, K) which parameter is each class's coefficient of each column."""
        found = np.empty((self.classes, len(self.terms)), dtype=int)
        found[:, list(self.common)] = np.arange(len(self.common))
        for c in range(self.classes):
            first = len(self.common) + c * len(self.differing)
            found[c, list(self.differing)] = first + np.arange(len(self.differing))
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """Of all parameters."""
        own = [f"class{c + 1}.{self.terms[k]}" for c in range(self.classes) for k in self.differing]
        member = [f"is_class{c + 1}.{z}" for c in range(1, self.classes) for z in self.membership]
        return (*(self.terms[k] for k in self.common), *own, *member)

    def sizes(self, plain: Floats) -> Floats:
        """Returns about how large standard errors may be, given those of a single class."""
        members = (self.classes - 1) * len(self.membership)
        beta = np.tile(plain, (self.classes, 1)) * np.sqrt(self.classes)
        found = np.full(self.n_coefficients + members, MEMBER_SIZE)
        found[self.places] = beta
        return found

    def split(self, params: Floats) -> tuple[Floats, Floats]:
        """Returns (C, K) coefficients and (C, M) log-odds of membership, 0 for class 1."""
        gamma = np.zeros((self.classes, len(self.membership)))
        gamma[1:] = params[self.n_coefficients :].reshape(self.classes - 1, len(self.membership))
        return params[self.places], gamma

    def join(self, beta: Floats, gamma: Floats) -> Floats:
        """Returns the parameters of coefficients and membership; the opposite of `split`."""
        first = np.empty(self.n_coefficients)
        first[self.places] = beta
        return np.append(first, (gamma[1:] - gamma[0]).ravel())


@dataclass(frozen=True)
class Deciders:
    """Choices by decider, and what is known of each.

    Attributes:
        choices: The choice sets.
        z: (N, M) what membership depends on.
        layout: What the parameters mean.
    """

    choices: Panel
    z: Floats
    layout: Layout

    @cached_property
    def of_set(self) -> Ints:
        """(sets,) decider of each set."""
        return np.repeat(np.arange(self.choices.n_deciders), self.choices.counts())

    def log_membership(self, gamma: Floats) -> Floats:
        """Returns (N, C) logarithms of the chance to be in each class."""
        worth = self.z @ gamma.T
        worth -= worth.max(axis=1, keepdims=True)
        return np.asarray(worth - np.log(np.exp(worth).sum(axis=1, keepdims=True)))

    def log_choices(self, beta: Floats) -> tuple[Floats, Floats]:
        """Returns (N, C) log-likelihoods by class, and (sets, J, C) probabilities.

        The latter are of alternatives that were not chosen.
        """
        worth = self.choices.others @ beta.T
        if self.choices.absent is not None:
            worth[self.choices.absent] = -np.inf
        top = np.maximum(worth.max(axis=1), 0.0)  # what was chosen is worth 0
        weight = np.exp(worth - top[:, None])
        total = weight.sum(axis=1) + np.exp(-top)
        weight /= total[:, None]
        return np.add.reduceat(-top - np.log(total), self.choices.starts[:-1], axis=0), weight

    def posterior(self, params: Floats) -> tuple[Floats, Floats]:
        """Returns (N, C) chances of classes given the choices, and (N,) log-likelihoods."""
        beta, gamma = self.layout.split(params)
        joint = self.log_choices(beta)[0] + self.log_membership(gamma)
        return normalised(joint)

    def likelihood(self, params: Floats) -> Scored:
        """Returns the log-likelihood at `params` and the score of each decider."""
        beta, gamma = self.layout.split(params)
        by_class, probability = self.log_choices(beta)
        prior = self.log_membership(gamma)
        chance, llf = normalised(by_class + prior)
        scores = np.zeros((len(llf), len(params)))
        for c in range(self.layout.classes):
            moved = -np.einsum("sj,sjk->sk", probability[:, :, c], self.choices.others)
            own = np.add.reduceat(moved, self.choices.starts[:-1], axis=0)
            scores[:, self.layout.places[c]] += chance[:, [c]] * own
        surprise = (chance - np.exp(prior))[:, 1:]
        scores[:, self.layout.n_coefficients :] = (surprise[:, :, None] * self.z[:, None]).reshape(
            len(llf), -1
        )
        weights = self.choices.weights
        return Scored(float(weights @ llf), scores * weights[:, None])


def normalised(joint: Floats) -> tuple[Floats, Floats]:
    """Returns chances that sum to 1 in each row, and the logarithm of what they summed to.

    Args:
        joint: (N, C) logarithms.
    """
    top = joint.max(axis=1, keepdims=True)
    weight = np.exp(joint - top)
    total = weight.sum(axis=1, keepdims=True)
    return weight / total, (top + np.log(total))[:, 0]
