"""Full factorials, and regular fractions of two-level ones.

A two-level factor is a non-zero vector over GF(2), written as a whole number; run x has the factor
high where x and the vector share an odd number of ones. Vectors that add up to zero are a word of
the defining relation: the product of their contrasts is constant, and any two parts of the word
are aliases. The length of the shortest word is the resolution (Box and Hunter 1961, Technometrics
3, 311); resolution r asks that no r - 1 vectors be dependent, so the vectors are the columns of a
parity check matrix of a code with distance r (Bose 1947, Sankhya 8, 107).
"""

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import combinations, product
from operator import xor

Rows = tuple[tuple[int, ...], ...]
"""Runs: the option of each factor, counted from 0."""

MOST_RUNS = 4096


def full(options: Sequence[int]) -> Rows:
    """Returns every combination once.

    Args:
        options: How many options each factor has.

    Raises:
        ValueError: If there are more than 4,096.
    """
    if math.prod(options) > MOST_RUNS:
        raise ValueError(
            f"{math.prod(options):,} combinations of {len(options)} factors are too many; at most "
            f"{MOST_RUNS:,}. Give `resolution:` for a fraction, or fewer treatments"
        )
    return tuple(product(*map(range, options)))


def vectors_of_resolution(factors: int, resolution: int) -> list[int]:
    """Returns the least vectors of which no `resolution` - 1 are dependent.

    Taking the least each time gives a lexicographic code, which is linear (Conway and Sloane 1986,
    IEEE Trans. Inf. Theory 32, 337); for resolutions 3 and 4 no fraction is smaller.

    Raises:
        ValueError: If that takes more than 4,096 runs.
    """
    found: list[int] = []
    # what up to resolution - 2 of the vectors add up to, by how many it takes at least
    sums = {0: 0}
    for candidate in range(1, MOST_RUNS):
        if len(found) == factors:
            break
        if candidate in sums:
            continue
        found.append(candidate)
        for total, taken in list(sums.items()):
            if taken < resolution - 2:
                key = total ^ candidate
                sums[key] = min(taken + 1, sums.get(key, resolution))
    if len(found) < factors:
        raise ValueError(
            f"{factors} factors at resolution {resolution} take more than {MOST_RUNS:,} runs"
        )
    return found


def vectors_of_generators(
    names: Sequence[str], generators: Mapping[str, Sequence[str]]
) -> list[int]:
    """Returns the vectors of factors of which some are products of others.

    Args:
        names: Of all factors.
        generators: Factor -> the factors whose product it is.

    Raises:
        ValueError: If a name is unknown, or a generator uses what is itself generated.
    """
    for name, others in generators.items():
        for each in (name, *others):
            if each not in names:
                raise ValueError(f"generator of '{name}': no factor '{each}' among {list(names)}")
        if not others or any(each in generators for each in others):
            raise ValueError(f"generator of '{name}': give factors that have no generator")
    basic = [name for name in names if name not in generators]
    bits = {name: 1 << i for i, name in enumerate(basic)}
    return [reduce(xor, (bits[each] for each in generators.get(n, (n,)))) for n in names]


def fraction(vectors: Sequence[int]) -> Rows:
    """Returns the runs of a regular two-level fraction, 2 to the number of basic factors."""
    runs = 1 << max(vectors).bit_length()
    return tuple(tuple((run & v).bit_count() % 2 for v in vectors) for run in range(runs))


def words(vectors: Sequence[int], longest: int) -> list[tuple[int, ...]]:
    """Returns the defining words of up to `longest` letters, shortest first, as factor numbers."""
    numbers = range(len(vectors))
    return [
        word
        for length in range(1, longest + 1)
        for word in combinations(numbers, length)
        if reduce(xor, (vectors[i] for i in word)) == 0
    ]


def aliases(names: Sequence[str], vectors: Sequence[int]) -> list[str]:
    """Returns which main effects and two-factor interactions can't be told apart, as equations."""
    groups: dict[int, list[str]] = {}
    for length in (1, 2):
        for word in combinations(range(len(vectors)), length):
            total = reduce(xor, (vectors[i] for i in word))
            groups.setdefault(total, []).append(":".join(names[i] for i in word))
    return [" = ".join(group) for group in groups.values() if len(group) > 1]


def resolution(vectors: Sequence[int]) -> int | None:
    """Returns the length of the shortest defining word up to 5 letters; None: longer, or none."""
    found = words(vectors, 5)
    return len(found[0]) if found else None
