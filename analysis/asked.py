"""What was asked of served models: requests, how they went, and what they cost."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd

from analysis.display import Table, number, percent
from analysis.study import Study

COUNTED = ("image", "cached", "thinking")
"""Kinds of tokens that not every server counts."""

_ASKED = """
    SELECT t.buyer, t.interface, x.trial_id, x.attempt, x.attempt = o.attempt AS latest, x.step,
        x.purpose, x.reply IS NOT NULL AS answered, x.cause, x.seconds, x.waited_s, x.waits,
        x.prompt_tokens, x.image_tokens, x.cached_tokens, x.completion_tokens, x.thinking_tokens,
        x.from_cache, x.cost
    FROM exchanges x JOIN trials t ON t.trial_id = x.trial_id
    JOIN latest o ON o.trial_id = x.trial_id
    ORDER BY t.plan_index, x.attempt, x.seq
"""
_TRIALS = """
    SELECT t.buyer, t.interface, t.trial_id, o.attempt, o.status, o.cause
    FROM trials t JOIN latest o ON o.trial_id = t.trial_id ORDER BY t.plan_index
"""


class Asked:
    """All requests of a run, and the trials that they belong to.

    Attributes:
        study: The run.
        requests: One row per request, those of earlier attempts included: they were paid for.
        trials: One row per trial of a served buyer, as it ended.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.requests = pd.read_sql_query(_ASKED, study.store.db)
        trials = pd.read_sql_query(_TRIALS, study.store.db)
        self.trials = trials[trials["buyer"].isin(list(study.served))]

    def arms(self) -> Iterator[tuple[str, str, pd.DataFrame, pd.DataFrame]]:
        """Yields buyer, interface, their trials and their requests."""
        requests = dict(list(self.requests.groupby(["buyer", "interface"], sort=False)))
        for (buyer, interface), trials in self.trials.groupby(["buyer", "interface"], sort=False):
            asked = requests.get((buyer, interface), self.requests[:0])
            yield str(buyer), str(interface), trials, asked

    def costs(self) -> pd.DataFrame:
        """Returns tokens, time and money by buyer and interface, as `costs.csv` holds them.

        Tokens are those a server worked on: answers from a cache count none. A kind of token that
        no answer counted is missing, not 0; `answers_counting_*` are the answers that did.
        """
        return pd.DataFrame([self._costs(*arm) for arm in self.arms()])

    def _costs(
        self, buyer: str, interface: str, trials: pd.DataFrame, requests: pd.DataFrame
    ) -> dict[str, Any]:
        served = self.study.served[buyer]
        paid = served.is_priced or bool(requests["cost"].sum() > 0)
        cost = float(requests["cost"].sum()) if paid else None
        return {
            "run": self.study.name,
            "buyer": buyer,
            "model": served.model,
            "interface": interface,
            "trials": len(trials),
            "attempts": int(trials["attempt"].sum()),
            "requests": len(requests),
            "answers": int(requests["answered"].sum()),
            "from_cache": int(requests["from_cache"].sum()),
            **_tokens(requests),
            "asking_s": float(requests["seconds"].sum()),
            "waited_s": float(requests["waited_s"].sum()),
            "waits": json.dumps(waits(requests)),
            "cost": cost,
            "cost_per_trial": None if cost is None or not len(trials) else cost / len(trials),
            "currency": served.currency if paid else "",
        }


def _tokens(requests: pd.DataFrame) -> dict[str, Any]:
    """Tokens that a server worked on, and of how many prompts or answers their kind is known."""
    worked = requests[(requests["from_cache"] == 0) & (requests["answered"] == 1)]
    found: dict[str, Any] = {
        "prompt_tokens": int(worked["prompt_tokens"].sum()),
        "completion_tokens": int(worked["completion_tokens"].sum()),
    }
    for kind in COUNTED:
        told = worked[worked[f"{kind}_tokens"].notna()]
        whole = "completion_tokens" if kind == "thinking" else "prompt_tokens"
        found[f"{kind}_tokens"] = int(told[f"{kind}_tokens"].sum()) if len(told) else None
        found[f"answers_counting_{kind}"] = len(told)
        found[f"{kind}_share"] = _share(told[f"{kind}_tokens"].sum(), told[whole].sum())
    return found


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def waits(requests: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Returns reason of a pause -> how many there were, and their seconds."""
    times: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for text in requests.loc[requests["waited_s"] > 0, "waits"]:
        for wait in json.loads(text):
            times[wait["reason"]] += 1
            seconds[wait["reason"]] += wait["seconds"]
    return {r: {"times": times[r], "seconds": round(seconds[r], 3)} for r in sorted(times)}


def token_table(costs: pd.DataFrame) -> Table:
    """Returns tokens by buyer and interface, and what kind they were."""
    rows = tuple(
        (
            _arm(row),
            f"{row['prompt_tokens']:,}",
            _kind(row, "image"),
            _kind(row, "cached"),
            f"{row['completion_tokens']:,}",
            _kind(row, "thinking"),
        )
        for row in _rows(costs)
    )
    heads = ("buyer · interface", "prompt", "pictures", "cached", "answer", "thinking")
    note = (
        "As the server counts them. Shares of the prompt and of the answer are unknown where it "
        "does not tell, and from n of N answers where it tells with some. Cached: by the server."
    )
    return Table("Tokens", heads, rows, note)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    objects = frame.astype(object)
    return objects.where(objects.notna(), None).to_dict("records")  # type: ignore[return-value]


def _arm(row: dict[str, Any]) -> str:
    return f"{row['buyer']} · {row['interface']}"


def _kind(row: dict[str, Any], kind: str) -> str:
    """A share of the tokens, and of how many answers it is known where not of all."""
    told, worked = row[f"answers_counting_{kind}"], row["answers"] - row["from_cache"]
    if not told or row[f"{kind}_share"] is None:
        return "unknown" if worked else ""
    share = percent(row[f"{kind}_share"])
    return share if told == worked else f"{share} ({told:,} of {worked:,})"


def time_and_money_table(costs: pd.DataFrame) -> Table:
    """Returns requests, seconds, pauses and money by buyer and interface, and of the run."""
    rows: list[tuple[str, ...]] = [
        (
            _arm(row),
            f"{row['trials']:,}",
            f"{row['requests']:,}",
            f"{row['from_cache']:,}",
            number(row["asking_s"] / max(1, row["trials"]), 2),
            _pauses(json.loads(row["waits"])),
            _money(row["cost_per_trial"], row["currency"]),
            _money(row["cost"], row["currency"]),
        )
        for row in _rows(costs)
    ]
    if len(rows) > 1:
        rows.append(_total(costs))
    heads = ("buyer · interface", "trials", "requests", "reused", "s / trial", "pauses")
    note = (
        "Reused: answers from the file of stored ones. Seconds are those from asking to the "
        "answer, pauses that the server imposed left out. Earlier attempts count. Money by the "
        "experiment's price table; empty without one."
    )
    return Table("Time and money", (*heads, "cost / trial", "cost"), tuple(rows), note)


def _total(costs: pd.DataFrame) -> tuple[str, ...]:
    """The whole run; its cost where all is paid for in one currency."""
    counts = [f"{int(costs[name].sum()):,}" for name in ("trials", "requests", "from_cache")]
    seconds = number(costs["asking_s"].sum() / max(1, costs["trials"].sum()), 2)
    currencies = set(costs["currency"]) - {""}
    cost = _money(float(costs["cost"].sum()), currencies.pop()) if len(currencies) == 1 else ""
    return ("the run", *counts, seconds, f"{number(costs['waited_s'].sum(), 1)} s", "", cost)


def _pauses(by_reason: dict[str, dict[str, float]]) -> str:
    """`429: 3 (12.5 s)`; `none` where there were none."""
    told = (f"{r}: {w['times']:,} ({number(w['seconds'], 1)} s)" for r, w in by_reason.items())
    return ", ".join(told) or "none"


def _money(cost: float | None, currency: str) -> str:
    """An amount in major units, `1.2340 USD`; more digits the smaller it is."""
    if cost is None:
        return ""
    digits = 2 if cost >= 100 else 4 if cost >= 0.1 or cost == 0 else 6
    return f"{number(cost, digits)} {currency}"


def answer_table(asked: Asked) -> Table:
    """Returns how served models answered, by buyer and interface."""
    rows = tuple(_answers(asked, *arm) for arm in asked.arms())
    heads = ("buyer · interface", "speech", "steps", "asked again", "failed for")
    note = (
        "Asked again: steps at which the answer could not be used and the mistake was quoted back. "
        "Refusals and unusable answers are the model's; server, browser, shop, worker and fault "
        "are the laboratory's."
    )
    return Table("How served models answered", heads, rows, note)


def _answers(
    asked: Asked, buyer: str, interface: str, trials: pd.DataFrame, requests: pd.DataFrame
) -> tuple[str, ...]:
    last = requests[requests["latest"] == 1]
    steps = last[["trial_id", "step"]].drop_duplicates()
    again = last.loc[last["purpose"] == "repair", ["trial_id", "step"]].drop_duplicates()
    causes = trials.loc[trials["status"] == "failed", "cause"].value_counts()
    share = f"{len(again):,}"
    if len(steps):
        share += f" ({percent(len(again) / len(steps))})"
    return (
        f"{buyer} · {interface}",
        asked.study.served[buyer].speech or "unknown",
        f"{len(steps):,}",
        share,
        ", ".join(f"{cause} {n:,}" for cause, n in causes.items()) or "nothing",
    )
