"""The viewer as a file: data as JSON blocks, one style, one script, nothing from elsewhere."""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from aces.store import RunStore
from analysis.display import counted
from analysis.viewer.drawn import drawn_order, endings
from analysis.viewer.steps import Json
from analysis.viewer.trials import Trials
from analysis.viewer.worlds import beside

LARGEST = 28_000_000
"""Bytes of trials and pictures in a file, where nobody says how many trials there are to be."""

MOST = 1000
"""Trials in a file, where nobody says how many there are to be."""

AT_ONCE = 32
"""Trials that are made ready together: their pictures are made small side by side."""

_FOUND_BY = (
    *("id", "buyer", "interface", "repeat", "persona", "prompt", "task", "world", "k", "plan"),
    *("status", "cause", "product", "bought", "seconds", "attempt"),
)


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        path: Where.
        inside: Trials in the file.
        finished: Trials to choose from.
    """

    path: Path
    inside: int
    finished: int


def write_viewer(
    store: RunStore,
    path: str | Path,
    trials: int | None = None,
    watch: Callable[[float], None] = lambda share: None,
) -> Written:
    """Writes the trials of a run as one self-contained HTML file.

    Args:
        store: The run.
        path: The file.
        trials: How many; as many as keep the file below 30 MB where not given.
        watch: Told, now and then, what share of the file is done.

    Raises:
        StoreError: If no trial is finished yet.
    """
    path = Path(path)
    all_of = Trials(store)
    order = drawn_order(store, all_of.study.spec.seed, set(all_of.ids))
    shown = _taken(all_of, order, trials, watch)
    shown.sort(key=lambda trial: trial["plan"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_page(all_of, shown), encoding="utf-8")
    return Written(path, len(shown), len(all_of.ids))


def _taken(
    all_of: Trials, order: Sequence[str], most: int | None, watch: Callable[[float], None]
) -> list[Json]:
    """The trials that go in, in the order of the draw."""
    shown: list[Json] = []
    size = 0
    order = order[: MOST if most is None else most]
    for first in range(0, len(order), AT_ONCE):
        some = order[first : first + AT_ONCE]
        all_of.take(some)
        for trial_id in some:
            known = set(all_of.album.pictures)
            trial = all_of.shown(trial_id)
            new = all_of.album.pictures.keys() - known
            size += len(block(trial)) + sum(len(all_of.album.pictures[key]) for key in new)
            if most is None and size > LARGEST and shown:
                for key in new:
                    del all_of.album.pictures[key]
                return shown
            shown.append(trial)
        watch(max(len(shown) / len(order), size / LARGEST if most is None else 0.0))
    return shown


def block(data: Any) -> Markup:  # noqa: ANN401
    """Returns data as JSON that may stand in a script element, whatever texts it holds.

    Nothing in it can end the element, and no character in it is one that some reader takes for
    the end of a line.
    """
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)


def _page(all_of: Trials, shown: Sequence[Json]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    here = Path(__file__).parent
    script = here.joinpath("viewer.js").read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader("analysis.viewer", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("viewer.html.jinja").render(
        name=all_of.study.spec.name,
        folder=all_of.store.folder,
        lead=_lead(all_of, len(shown)),
        css=Markup(here.joinpath("viewer.css").read_text(encoding="utf-8")),
        script=Markup(script),
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        index=block(_index(all_of, shown)),
        trials=[block(trial) for trial in shown],
        pictures=all_of.album.pictures,
    )


def _index(all_of: Trials, shown: Sequence[Json]) -> Json:
    """What the list, the filters and the jumps need."""
    near = beside(all_of.study, {trial["world"] for trial in shown})
    return {
        "name": all_of.study.spec.name,
        "folder": str(all_of.store.folder),
        "finished": len(all_of.ids),
        "trials": [
            {**{name: trial[name] for name in _FOUND_BY}, "steps": len(trial["steps"])}
            for trial in shown
        ],
        "near": {world: [asdict(one) for one in others] for world, others in near.items()},
    }


def _lead(all_of: Trials, inside: int) -> str:
    """How many of how many trials are inside, and which."""
    finished = len(all_of.ids)
    ends = ", ".join(f"{n:,} {status}" for status, n in sorted(endings(all_of.store).items()))
    if inside == finished:
        return f"All {counted(finished, 'finished trial')}: {ends}."
    return (
        f"{inside:,} of {counted(finished, 'finished trial')} ({ends}). Drawn by the experiment's "
        f"seed, of every buyer, interface and ending in turn, failures first: counts here are not "
        f"those of the run."
    )
