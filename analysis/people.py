"""People among the buyers: whose trial it was, for errors that allow for it."""

import json
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.study import Study

_REPORTED = """
    SELECT o.trial_id, o.reported FROM latest o JOIN trials t ON t.trial_id = o.trial_id
    WHERE t.buyer = ? AND o.reported IS NOT NULL
"""


def participants(
    study: Study, trials: pd.DataFrame, trial: NDArray[np.int64]
) -> dict[str, pd.api.extensions.ExtensionArray]:
    """Returns the columns `participant` and `attention`; none where no buyer is a person.

    One person takes several trials, which are not independent: cluster by `participant`. Of other
    buyers it is the world, so that one column serves all.

    Args:
        study: The run.
        trials: One row per trial, with `trial_id` and `world_id`.
        trial: (rows,) index of the trial of each row.
    """
    who: dict[str, dict[str, Any]] = {}
    for buyer in study.spec.buyers:
        if buyer.use == "person":
            rows = study.store.db.execute(_REPORTED, (buyer.name,))
            who |= {trial_id: json.loads(text) for trial_id, text in rows}
    if not any(buyer.use == "person" for buyer in study.spec.buyers):
        return {}
    told = [who.get(trial_id, {}) for trial_id in trials["trial_id"]]
    worlds = trials["world_id"]
    names = [each.get("participant", world) for each, world in zip(told, worlds, strict=True)]
    right = [each.get("attention") for each in told]
    attention = pd.array(right, dtype="boolean")
    return {
        "participant": pd.array(names, dtype="str").take(trial),
        "attention": attention.take(trial),
    }
