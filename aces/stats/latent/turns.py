"""Expectation and maximisation in turns, from random starts."""

from typing import TypeAlias

import numpy as np

from aces.stats.choice_data import Floats
from aces.stats.latent.model import Deciders, normalised

Seen: TypeAlias = tuple[Floats, Floats]
"""What `Deciders.log_choices` returns."""

ROUNDS = 500
"""Turns of expectation and maximisation at most."""
ENOUGH = 1e-5
"""Rise of the log-likelihood in a turn at which turns end; Newton does the rest."""
FARTHEST = 30.0
"""Utility, in standard deviations of a column, beyond which a coefficient runs away."""


def turns(data: Deciders, plain: Floats, rng: np.random.Generator) -> tuple[Floats, float] | None:
    """Returns where one start ends and its log-likelihood; None where coefficients run away.

    Args:
        data: The deciders.
        plain: (K,) coefficients of a single class.
        rng: Of the start.
    """
    layout = data.layout
    chance = rng.dirichlet(np.full(layout.classes, 0.5), data.choices.n_deciders)
    beta = np.tile(plain, (layout.classes, 1))
    gamma = np.zeros((layout.classes, len(layout.membership)))
    before, seen = -np.inf, data.log_choices(beta)
    for turn in range(ROUNDS):
        for _ in range(4 if turn == 0 else 1):
            beta, seen = better_tastes(data, chance, beta, seen)
        gamma = better_membership(data, chance, gamma)
        if np.abs(beta * data.choices.scales).max() > FARTHEST:
            return None
        chance, each = normalised(seen[0] + data.log_membership(gamma))
        llf = float(data.choices.weights @ each)
        if turn and llf - before < ENOUGH:
            break
        before = llf
    return layout.join(beta, gamma), llf


def better_tastes(data: Deciders, chance: Floats, beta: Floats, seen: Seen) -> tuple[Floats, Seen]:
    """Returns (C, K) coefficients, one Newton step of weighted conditional logits further.

    Args:
        data: The deciders.
        chance: (N, C) weights.
        beta: (C, K) coefficients.
        seen: `data.log_choices` of these; that of the new ones is returned.
    """
    layout, choices = data.layout, data.choices
    weight = (chance * choices.weights[:, None])[data.of_set]
    by_class, probability = seen
    gradient = np.zeros(layout.n_coefficients)
    information = np.zeros((layout.n_coefficients,) * 2)
    flat = choices.others.reshape(-1, choices.others.shape[2])
    for c in range(layout.classes):
        own = probability[:, :, c]
        mean = np.einsum("sj,sjk->sk", own, choices.others)
        spread = (weight[:, [c]] * own).reshape(-1, 1) * flat
        square = spread.T @ flat - (weight[:, [c]] * mean).T @ mean
        place = layout.places[c]
        gradient[place] -= weight[:, c] @ mean
        information[np.ix_(place, place)] += square
    step = _solve(information, gradient)[layout.places]
    heavy = chance * choices.weights[:, None]
    held = float((heavy * by_class).sum())
    for halving in range(20):
        there = np.asarray(beta + 0.5**halving * step)
        now = data.log_choices(there)
        if (heavy * now[0]).sum() >= held:
            return there, now
    return beta, seen


def better_membership(data: Deciders, chance: Floats, gamma: Floats) -> Floats:
    """Returns (C, M) log-odds of membership, one Newton step of their multinomial logit further."""
    prior = np.exp(data.log_membership(gamma))
    weights = data.choices.weights[:, None]
    classes, width = gamma.shape
    gradient = ((chance - prior)[:, 1:] * weights).T @ data.z
    free = classes - 1
    information = np.zeros((free, width, free, width))
    for a in range(free):
        for b in range(free):
            own = prior[:, a + 1] * ((a == b) - prior[:, b + 1]) * weights[:, 0]
            information[a, :, b] = (own[:, None] * data.z).T @ data.z
    step = _solve(information.reshape(free * width, -1), gradient.ravel()).reshape(free, width)
    held = float((weights * chance * np.log(prior.clip(1e-300))).sum())
    for halving in range(20):
        there = gamma.copy()
        there[1:] += 0.5**halving * step
        if (weights * chance * data.log_membership(there)).sum() >= held:
            return there
    return gamma


def _solve(information: Floats, gradient: Floats) -> Floats:
    """A Newton step; a little is added where the information says next to nothing."""
    scale = np.sqrt(information.diagonal().clip(1e-300))
    scaled = information / np.outer(scale, scale) + 1e-8 * np.eye(len(scale))
    return np.asarray(np.linalg.solve(scaled, gradient / scale) / scale)
