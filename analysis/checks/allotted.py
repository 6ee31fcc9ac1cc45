"""Whether worlds of an adaptive design are those that seed and stored shares give."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from aces.design import Allocation, Arms, Versions, draw_world
from aces.seeds import Stream
from aces.stats.adaptive import drawn_as_told
from analysis.checks.check import Check
from analysis.display import counted, p_equals
from analysis.study import Study

ALPHA = 0.001

_WORLDS = """
    SELECT DISTINCT t.buyer, t.interface, w.task_id, w.k, w.product_ids, w.levels, w.marginals
    FROM worlds w JOIN trials t USING (world_id)
"""


def allotted_worlds(study: Study | None) -> Check | None:
    """Whether each buyer's worlds are what seed, design and stored shares give; None elsewhere.

    Worlds that follow outcomes have no fresh draws to be compared with. But each can be drawn again
    from the shares stored with it, and the arms must be drawn as often as these say.
    """
    found = study.declarations.items() if study else ()
    name = next((name for name, d in found if isinstance(d, Allocation)), None)
    if study is None or name is None:
        return None
    differing, chances, arms = 0, [], []
    for whose, task_id, k, ids, levels, shares in _stored(study, name):
        drawn_ids, drawn = _again(study, name, whose, task_id, k, levels, shares)
        differing += drawn_ids != ids or json.loads(json.dumps(drawn)) != levels
        chances.append(shares)
        arms.append(_arm(_columns(study, name), levels))
    if differing:
        verdict = f"{counted(differing, 'world')} differ from what seed and stored shares give."
        return Check("Balance", False, verdict)
    p = drawn_as_told(np.array(arms), np.array(chances)) if arms else 1.0
    verdict = (
        "Stored worlds are those that seed and stored shares give, and arms were "
        f"{'drawn' if p >= ALPHA else 'not drawn'} as often as the shares say ({p_equals(p)})."
    )
    return Check("Balance", p >= ALPHA, verdict, p)


def _columns(study: Study, name: str) -> list[str]:
    """The 0/1 columns of the arms but the first."""
    allocation = study.declarations[name]
    assert isinstance(allocation, Allocation)
    treatment = study.declarations[allocation.treatment]
    assert isinstance(treatment, Arms | Versions)
    return treatment.columns()


def _arm(columns: Sequence[str], levels: Mapping[str, Sequence[int]]) -> int:
    return next((i for i, column in enumerate(columns, start=1) if any(levels[column])), 0)


def _stored(study: Study, name: str) -> Iterator[tuple[Any, ...]]:
    """Whose world, task, k, products, levels, and the chance of each arm."""
    columns = _columns(study, name)
    for buyer, interface, task_id, k, ids, told, often in study.store.db.execute(_WORLDS):
        levels, marginals = json.loads(told), json.loads(often)
        later = [
            share if any(levels[column]) else 1 - share
            for column in columns
            for share in [min(marginals[column])]
        ]
        yield (buyer, interface), task_id, k, json.loads(ids), levels, [1 - sum(later), *later]


def _again(
    study: Study,
    name: str,
    whose: tuple[str, str],
    task_id: str,
    k: int,
    levels: Mapping[str, Sequence[Any]],
    shares: Sequence[float],
) -> tuple[list[str], Mapping[str, Any]]:
    """Products and levels of a world, drawn again."""
    own = {"shares": tuple(shares), "confirmation": bool(levels["confirmation"][0])}
    declarations = {**study.declarations, name: study.declarations[name].model_copy(update=own)}
    shelf, pool = study.spec.shelf, [study.listings[i] for i in study.pools[task_id]]
    stream = Stream(study.spec.seed, "world", task_id, *whose)
    shown, drawn = draw_world(declarations, pool, shelf.size, shelf.sample, k, stream)
    return [item.product_id for item in shown], drawn.levels
