"""Size and coverage of the intervals and tests that the project offers, over designs and sizes.

Each cell of the grid is a design with planted truth at one number of independent units, simulated
again and again and analysed by the functions that `aces analyze` calls. Cells stand in
`benchmarks/estimator_coverage_cells/`, a module for each family. Results are kept cell by cell, so
that a run that was interrupted goes on; a cell is run again where more runs are asked for.

    python -m benchmarks.estimator_coverage [--only TEXT] [--runs N] [--processes 1] [--cache DIR]

Without --only the table is written; cells that were never run are left out of it and counted.
"""

import argparse
import json
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np

from aces.errors import EstimationError
from benchmarks.estimator_coverage_cells import Cell, Method, cells
from benchmarks.estimator_coverage_cells.ledger import ledger_table
from benchmarks.machine import workers, write_result

CACHE = Path("runs/coverage-grid")
BANDS = {"covers": (0.933, 0.966), "rejects": (0.037, 0.064)}
"""Accepted at 2,000 runs; with fewer runs the band is as much wider as chance is."""
RUNS = 2000
LEAST = 0.05
"""Share of runs with an answer below which no rate is told."""


def simulate(cell: Cell, runs: int) -> dict[str, Any]:
    """Returns, by method, sums over runs from which rates and their errors follow."""
    seed = int.from_bytes(blake2b(cell.name.encode(), digest_size=6).digest(), "big")
    sums = {m.name: {"given": 0, "share": 0.0, "squared": 0.0} for m in cell.methods}
    failed: dict[str, int] = {}
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for run in range(runs):
            try:
                held = cell.simulate(np.random.default_rng([seed, run]))
            except EstimationError as error:
                words = type(error).__name__
                failed[words] = failed.get(words, 0) + 1
                continue
            for name, found in held.items():
                _add(sums[name], list(found))
    seconds = time.process_time() - started
    return {"name": cell.name, "runs": runs, "seconds": seconds, "failed": failed, "sums": sums}


def _add(sums: dict[str, Any], found: Sequence[bool]) -> None:
    """Adds one run, whose several intervals count as one: they are not independent."""
    if found:
        share = float(np.mean(found))
        sums["given"] += 1
        sums["share"] += share
        sums["squared"] += share**2


def kept(cell: Cell, folder: Path) -> dict[str, Any] | None:
    """Returns a cell's stored result."""
    path = _path(cell, folder)
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _runs(cell: Cell, folder: Path) -> int:
    """How many runs a cell's stored result has."""
    found = kept(cell, folder)
    return found["runs"] if found else 0


def _path(cell: Cell, folder: Path) -> Path:
    return folder / f"{blake2b(cell.name.encode(), digest_size=8).hexdigest()}.json"


def _run(work: tuple[Cell, int, Path]) -> tuple[str, float]:
    cell, runs, folder = work
    found = simulate(cell, runs)
    draft = _path(cell, folder).with_suffix(".draft")
    draft.write_text(json.dumps(found), encoding="utf-8")
    draft.replace(_path(cell, folder))
    return cell.name, found["seconds"]


def rate(sums: dict[str, Any]) -> tuple[float, float]:
    """Returns a rate and its standard error."""
    n = sums["given"]
    mean = sums["share"] / n
    return mean, float(np.sqrt(max(sums["squared"] / n - mean**2, 0.0) / n))


def verdict(method: Method, found: float, runs: int) -> Literal["holds", "cautious", "misses"]:
    """Returns what a rate says of what the method claims."""
    verb, bound = method.claim.split()[0], "at" in method.claim.split()
    nominal = 0.95 if verb == "covers" else 0.05
    wider = np.sqrt(RUNS / runs)
    low, high = (nominal + wider * (edge - nominal) for edge in BANDS[verb])
    if low <= found <= high:
        return "holds"
    safe = found > high if verb == "covers" else found < low
    return "misses" if not safe else "holds" if bound else "cautious"


def tables(grid: Sequence[Cell], folder: Path) -> tuple[str, int]:
    """Returns a table for each family, of all results that are there, and how many have none."""
    found = {cell.name: kept(cell, folder) for cell in grid}
    lines: list[str] = []
    for family in dict.fromkeys(cell.family for cell in grid):
        some = [cell for cell in grid if cell.family == family and found[cell.name]]
        if some:
            lines += ["", f"## {family}", "", *_table(some, found)]
    return "\n".join(lines), sum(each is None for each in found.values())


def _table(some: Sequence[Cell], found: Mapping[str, Any]) -> Iterator[str]:
    """A row for each design and method, a column for each size."""
    sizes = list(dict.fromkeys(cell.size for cell in some))
    yield f"| design | method | claims | {' | '.join(sizes)} | where it is told |"
    yield f"|---|---|---|{'---|' * len(sizes)}---|"
    for design in dict.fromkeys(cell.design for cell in some):
        own = {cell.size: cell for cell in some if cell.design == design}
        for name in dict.fromkeys(m.name for cell in own.values() for m in cell.methods):
            cells_of = [(size, own.get(size)) for size in sizes]
            told = list[str]()
            values = [_value(cell, name, found, told) if cell else "" for _, cell in cells_of]
            claim = next(m.claim for c in own.values() for m in c.methods if m.name == name)
            said = "; ".join(dict.fromkeys(told))
            yield f"| {design} | {name} | {claim} | {' | '.join(values)} | {said} |"


def _value(cell: Cell, name: str, found: Mapping[str, Any], told: list[str]) -> str:
    """A rate as the table has it; where it misses, `told` gets to know where that is said."""
    method = next((m for m in cell.methods if m.name == name), None)
    if method is None:
        return ""
    result = found[cell.name]
    sums = result["sums"][name]
    if sums["given"] < LEAST * result["runs"]:
        return "no answer"
    value, _ = rate(sums)
    text = f"{value:.3f}".removeprefix("0")
    lost = 1 - sums["given"] / result["runs"]
    short = f" ({100 * lost:.0f} % no answer)" if lost >= 0.005 else ""
    fewer = f" [{result['runs']}]" if result["runs"] != RUNS else ""
    kind = verdict(method, value, sums["given"])
    if kind == "misses":
        told.append(method.told or "**nowhere**")
        text = f"**{text}**"
    return f"{text}{' c' * (kind == 'cautious')}{short}{fewer}"


def main() -> None:
    """Runs the cells that have no result yet, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of the names of cells")
    parser.add_argument("--runs", type=int, help="for every cell; by default its own number")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument(
        "--minutes",
        type=float,
        default=1e9,
        help="begin no cell after so many; 0: write what is kept",
    )
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    grid = cells()
    wanted = [(cell, args.runs or cell.runs) for cell in grid if args.only in cell.name]
    work = [(cell, n, args.cache) for cell, n in wanted if _runs(cell, args.cache) < n]
    end = time.monotonic() + 60 * args.minutes
    with workers(args.processes) as pool:
        for first in range(0, len(work), args.processes):
            if time.monotonic() < end:
                for name, seconds in pool.map(_run, work[first : first + args.processes]):
                    print(f"{seconds:7.1f} s  {name}", flush=True)
    text, missing = tables([c for c in grid if args.only in c.name], args.cache)
    print(text)
    if args.only:
        return
    body = INTRODUCTION + text + "\n\n" + "\n".join([LEDGER, *ledger_table()])
    if missing:
        body += f"\n\n{missing} of {len(grid)} cells are not in the table: they were not run."
    print(f"\nwrote {write_result('coverage-grid', 'Size and coverage, method by method', body)}")


INTRODUCTION = """
Each number is the share of 2,000 simulated data sets (as many as stand in brackets, where a fit is
dear) in which a 95 % interval held the truth, or a 5 % test rejected; several intervals of one data
set count as one. Accepted, as in the design: [.933, .966] for intervals, [.037, .064] for tests, as
much wider as chance is with fewer. **Bold** misses, and the last column says where a user of
the method is told; `c` errs on the cautious side. `no answer`: the method refused, as it should
where data can't tell (too few clusters, nobody bought). What was measured by benchmarks of their
own stands in the last table, which names for every part of `aces analyze` where its intervals and
tests were measured.
"""

LEDGER = """## Part by part

Headings of this page; files of `benchmarks/results`; tests of a level that holds by construction.
"""


if __name__ == "__main__":
    main()
