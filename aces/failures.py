"""Why trials failed for operational causes, in the words that were stored with them."""

import re
from collections import Counter, defaultdict

from aces.store import OPERATIONAL_CAUSES, RunStore

LONGEST = 160
"""Characters of a message that are told."""
_NUMBER = re.compile(r"\d+(\.\d+)?")


def reasons(store: RunStore) -> dict[str, str]:
    """Returns operational cause -> the most frequent message of its trials, as one line.

    Messages that differ in numbers alone (seconds waited, a port) count as one; the first in plan
    order is told.
    """
    rows = store.db.execute(
        "SELECT cause, detail FROM latest JOIN trials USING (trial_id) WHERE status = 'failed' "
        "ORDER BY plan_index"
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for cause, detail in rows:
        if cause in OPERATIONAL_CAUSES:
            found[cause].append(_line(detail or ""))
    return {cause: _most_frequent(lines) for cause, lines in found.items()}


def _line(detail: str) -> str:
    """The first line of a message; the name of our own error says nothing."""
    first = detail.strip().partition("\n")[0].removeprefix("TrialError: ")
    return first if len(first) <= LONGEST else f"{first[: LONGEST - 1]}…"


def _most_frequent(lines: list[str]) -> str:
    kinds = [_NUMBER.sub("#", line) for line in lines]
    kind, _ = Counter(kinds).most_common(1)[0]
    return lines[kinds.index(kind)]
