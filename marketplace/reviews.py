"""What ratings and reviews stand behind a listing's stars: derived, so that they never disagree."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from aces.types import Review

STARS = (1, 2, 3, 4, 5)
SHAPE = (1.8, 0.7, 0.8, 1.0, 1.4)
"""Relative frequencies of 1 to 5 stars that are tilted to a rating: shops' are J-shaped."""
MOST = 40
"""Reviews of one star that are ever shown."""
TOLERANCE = 0.3
"""How far the mean of the shown reviews may lie from the rating, in stars."""
SORTS = ("helpful", "newest", "highest", "lowest")

Counts = tuple[int, int, int, int, int]


@lru_cache(maxsize=4096)
def histogram(rating: float | None, count: int) -> Counts:
    """Returns how many gave 5, 4, 3, 2 and 1 stars.

    They sum to `count`; their mean is as close to the rating, to a tenth, as whole numbers allow.
    """
    if rating is None or count == 0:
        return 0, 0, 0, 0, 0
    tenths = min(50, max(10, round(10 * round(rating, 1))))
    total = (tenths * count + 5) // 10  # stars in all
    counts = _rounded(_tilted(tenths), count)
    _settle(counts, total)
    one, two, three, four, five = counts
    return five, four, three, two, one


@lru_cache(maxsize=64)
def _tilted(tenths: int) -> tuple[float, ...]:
    """`SHAPE` with exponential weights, so that its mean is a rating; sums to 1."""

    def at(tilt: float) -> list[float]:
        weights = [
            share * math.exp(tilt * (star - 3)) for star, share in zip(STARS, SHAPE, strict=True)
        ]
        return [weight / sum(weights) for weight in weights]

    low, high = -20.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        mean = sum(star * share for star, share in zip(STARS, at(middle), strict=True))
        low, high = (middle, high) if mean < tenths / 10 else (low, middle)
    return tuple(at(low))


def _rounded(shares: Sequence[float], count: int) -> list[int]:
    """Whole numbers in these shares that sum to `count`, by largest remainder."""
    exact = [share * count for share in shares]
    counts = [math.floor(value) for value in exact]
    order = sorted(range(5), key=lambda i: counts[i] - exact[i])
    for i in order[: count - sum(counts)]:
        counts[i] += 1
    return counts


def _settle(counts: list[int], total: int) -> None:
    """Moves single ratings to a neighbouring star until there are `total` stars."""
    missing = total - sum(star * n for star, n in zip(STARS, counts, strict=True))
    step = 1 if missing > 0 else -1
    for _ in range(abs(missing)):
        movable = [i for i in range(5) if counts[i] and 0 <= i + step < 5]
        i = max(movable, key=lambda i: counts[i])
        counts[i] -= 1
        counts[i + step] += 1


def shown(reviews: Sequence[Review], rating: float | None, count: int) -> tuple[Review, ...]:
    """Returns the reviews that fit a rating: as many as possible, in their order.

    Never more of a star than the histogram has; their mean within `TOLERANCE` of the rating,
    or as close to it as it gets.
    """
    if rating is None or not reviews:
        return ()
    there = Counter(review.stars for review in reviews)
    most = histogram(rating, count)[::-1]
    caps = tuple(min(there[star], most[star - 1], MOST) for star in STARS)
    left = dict(zip(STARS, _fitting(caps, round(rating, 1)), strict=True))
    kept = []
    for review in reviews:
        if left[review.stars]:
            left[review.stars] -= 1
            kept.append(review)
    return tuple(kept)


@lru_cache(maxsize=1024)
def _fitting(caps: tuple[int, ...], rating: float) -> tuple[int, ...]:
    """How many reviews to take of each star, at most `caps`."""
    layers = _reachable(caps)
    best = (math.inf, 0, 0)  # how far off, number of reviews, their stars
    for n in range(sum(caps), 0, -1):
        for stars in range(n, 5 * n + 1):
            off = round(abs(stars / n - rating), 9)
            if off < best[0] and layers[-1][n] >> stars & 1:
                best = (off, n, stars)
        if best[0] <= TOLERANCE:
            break
    return _taken(layers, caps, best[1], best[2])


def _reachable(caps: tuple[int, ...]) -> list[list[int]]:
    """For the first 0 to 5 stars: by number of reviews, the bit set of stars they can come to."""
    layers = [[1]]
    for star, cap in zip(STARS, caps, strict=True):
        before = layers[-1]
        now = [0] * (len(before) + cap)
        for n, sums in enumerate(before):
            for taken in range(cap + 1):
                now[n + taken] |= sums << (star * taken)
        layers.append(now)
    return layers


def _taken(layers: list[list[int]], caps: tuple[int, ...], n: int, stars: int) -> tuple[int, ...]:
    """One way to come to so many stars with n reviews."""
    counts = [0] * 5
    for star in reversed(STARS):
        before = layers[star - 1]
        for taken in range(min(caps[star - 1], n, stars // star), -1, -1):
            rest = n - taken
            if rest < len(before) and before[rest] >> (stars - star * taken) & 1:
                counts[star - 1], n, stars = taken, rest, stars - star * taken
                break
    return tuple(counts)


def sorted_by(reviews: Iterable[Review], how: str = "helpful") -> list[Review]:
    """Returns reviews sorted by one of `SORTS`; anything else sorts as the first."""
    if how == "newest":
        return sorted(reviews, key=lambda review: review.date, reverse=True)
    if how in ("highest", "lowest"):
        sign = -1 if how == "highest" else 1
        return sorted(reviews, key=lambda review: (sign * review.stars, -review.helpful))
    return sorted(reviews, key=lambda review: -review.helpful)


def with_stars(reviews: Iterable[Review], stars: int | None) -> list[Review]:
    """Returns the reviews of so many stars; all where None."""
    return [review for review in reviews if stars in (None, review.stars)]


def fit(reviews: Iterable[Review]) -> tuple[str, int, int] | None:
    """Returns how a garment runs, how many say so and of how many; None where nobody says."""
    said = Counter(review.fit for review in reviews if review.fit)
    if not said:
        return None
    how, votes = said.most_common(1)[0]
    return how, votes, said.total()
