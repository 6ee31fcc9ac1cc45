"""Which trials a file shows, where it can't show all of them."""

import json
from collections import Counter
from collections.abc import Container

from aces.seeds import Stream
from aces.store import RunStore

_TRIALS = """
    SELECT t.trial_id, t.plan_index, t.buyer, t.interface, o.status, o.cause, w.task_id,
        w.world_id, json_extract(w.levels, '$.pair')
    FROM trials t JOIN latest o ON o.trial_id = t.trial_id JOIN worlds w ON w.world_id = t.world_id
"""
_RARE_FIRST = ("failed", "truncated", "abstained", "chosen")


def drawn_order(store: RunStore, seed: int, counted: Container[str]) -> list[str]:
    """Returns the ids of finished trials in the order in which a file takes them in.

    One of each buyer, interface and ending (failures by cause) in turn, failures first. Within
    these the order is random, but goes by pair or world with the same random number for every
    buyer: a file that holds one of a pair most likely holds the other, and the other buyers there.

    Args:
        store: The run.
        seed: Of the experiment: the same run gives the same draw.
        counted: Ids of the trials to draw from.
    """
    strata: dict[tuple[str, ...], list[tuple[float, int, str]]] = {}
    for trial, plan_index, buyer, interface, status, cause, task, world, pair in store.db.execute(
        _TRIALS
    ):
        if trial in counted:
            group = f"{task} {json.loads(pair)[0]}" if pair else world
            number = Stream(seed, "viewer", group).uniform()
            key = (status, cause, buyer, interface)
            strata.setdefault(key, []).append((number, plan_index, trial))
    ranked = [
        (rank, _RARE_FIRST.index(key[0]), key[1:], trial)
        for key, trials in strata.items()
        for rank, (_, _, trial) in enumerate(sorted(trials))
    ]
    return [trial for *_, trial in sorted(ranked)]


def endings(store: RunStore) -> Counter[str]:
    """Returns how many trials of the run ended how."""
    rows = store.db.execute("SELECT status, count(*) FROM latest GROUP BY status")
    return Counter(dict(rows.fetchall()))
