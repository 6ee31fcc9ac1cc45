"""What designs that set several treatments together ask of them."""

from collections.abc import Mapping, Sequence
from typing import cast

from aces.design import Arms, Crossable, Declaration, Factor, Fees, Headroom, Steering, Versions
from aces.errors import SpecError, nearest
from aces.types import Listing

Declarations = Mapping[str, Declaration]
Shelves = Sequence[Sequence[Listing]]
"""The base listings of a shelf of each task."""


def crossable(declarations: Declarations, shelves: Shelves) -> dict[str, Crossable]:
    """Returns the declarations whose levels are finitely many and equally likely."""
    kinds = (Arms, Versions, Factor, Fees, Headroom, Steering)
    return {
        name: cast(Crossable, d)
        for name, d in declarations.items()
        if isinstance(d, kinds) and _equally_likely(d) and all(map(d.options, shelves))
    }


def _equally_likely(declaration: Arms | Versions | Factor | Fees | Headroom | Steering) -> bool:
    match declaration:
        case Steering() | Fees():
            return True
        case Arms():
            return all(arm.weight == declaration.arms[0].weight for arm in declaration.arms)
        case Versions():
            weight = declaration.versions[0].weight
            return all(version.weight == weight for version in declaration.versions)
        case _:
            return not declaration.keep_first


def named(
    wanted: Sequence[str], declarations: Declarations, shelves: Shelves
) -> dict[str, Crossable]:
    """Returns the treatments asked for, or all that can be set together.

    Raises:
        SpecError: If one is unknown, or its levels are not finitely many and equally likely.
    """
    possible = crossable(declarations, shelves)
    for name in wanted:
        if name not in declarations:
            raise SpecError(f"no treatment '{name}'{nearest(name, declarations)}")
        if name not in possible:
            raise SpecError(
                f"'{name}' can't be set: its levels must be finitely many and equally likely, as "
                "those of `page`, `listing`, `distribution: levels` and `steps:` are (without "
                f"weights or `keep_first`){nearest(name, possible)}"
            )
    found = {name: possible[name] for name in wanted or possible}
    if not found:
        raise SpecError(
            "no treatment has levels that can be set: finitely many, equally likely, as those of "
            "`page`, `listing`, `distribution: levels` and `steps:` are"
        )
    return found


def factors(parts: Mapping[str, Crossable], shelves: Shelves) -> tuple[list[str], list[int]]:
    """Returns names and numbers of options of all factors, the same on the shelf of every task.

    Raises:
        SpecError: If shelves have different ones.
    """
    found = {tuple(_factors(parts, shelf)) for shelf in shelves}
    if len(found) > 1:
        raise SpecError(
            "treatments of single listings must have as many of them on the shelf of every task"
        )
    (one,) = found
    return [name for name, _ in one], [options for _, options in one]


def _factors(parts: Mapping[str, Crossable], shelf: Sequence[Listing]) -> list[tuple[str, int]]:
    """Names `price` or `price[1]`, and how many options."""
    every = []
    for name, part in parts.items():
        options = part.options(shelf)
        for i, shown in enumerate(options, start=1):
            every.append((f"{name}[{i}]" if len(options) > 1 else name, len(shown)))
    return every
