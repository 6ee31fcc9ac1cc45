"""Do trials wait for the model side by side, and does memory stay where it is?

    python -m benchmarks.throughput [--part rate | memory] [--latency 2] [--waves 8] [--trials 2000]

Speed: a stand-in model server in a process of its own answers each request after two seconds;
buyers look at screenshots in a real browser and buy, through the real `run`. The rate cannot exceed
that of the browser, measured in the same run with a server that answers at once, nor trials in
flight divided by the latency; what is shown is how much of the smaller one is reached.

Memory: resident memory of a worker and of its browser over many trials, with a server that answers
at once: the slope over the means of twenty blocks, with a 95 % interval, and the last quarter
against the first, after warming up.
"""

import argparse
import multiprocessing
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.store import Progress
from benchmarks.machine import write_result
from experiments.executors.local import LocalExecutor
from experiments.run import RunResult, run

CONFIG = Path(__file__).parent.parent / "experiments" / "configs" / "vlm.yaml"
CONCURRENCY = (1, 4, 8, 16, 32)
WORKERS = (1, 2)
BLOCKS = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """Memory at one moment of a run, in MiB."""

    done: int
    worker: float
    browser: float


def wanted() -> dict[str, str]:
    """Returns the task's query -> a title that is on every shelf of it."""
    spec = read_experiment(CONFIG, [])
    catalog = load_catalog(spec.catalog)
    slices = {t.query: catalog.slice(t.category, spec.shelf.size) for t in spec.tasks}
    return {query: catalog.listings[ids[0]].title for query, ids in slices.items()}


def _serve(pipe: Any, titles: Mapping[str, str], delay_s: float) -> None:  # noqa: ANN401
    """The stand-in's process: says where it is, and answers until the pipe closes."""
    from dataclasses import replace

    from aces.testing.model_server import Answer, ModelServer, calls

    def answer(request: dict[str, Any]) -> Answer:
        said = re.sub(r"data:image[^\"']*", "", str(request["messages"]))
        title = next(title for query, title in titles.items() if query in said)
        call = calls("add_to_cart", title=title, price="$1", rating=4.0, review_count=1, reason="")
        return replace(call, delay_s=delay_s)

    with ModelServer(answer) as server:
        pipe.send(server.url)
        pipe.poll(None)


@contextmanager
def stand_in(delay_s: float) -> Iterator[str]:
    """Serves a model that buys, after `delay_s` each time, in another process."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, wanted(), delay_s), name="stand-in")
    process.start()
    there.close()
    try:
        yield here.recv()
    finally:
        here.close()
        process.join(5)
        process.terminate()


def go(
    url: str,
    interface: str,
    workers: int,
    concurrency: int,
    trials: int,
    watch: Callable[[Progress], None],
) -> RunResult:
    """Runs at least `trials` trials against the server at `url`."""
    settings = [
        f"buyers.0.base_url={url}",
        f"interface={interface}",
        "budget=null",
    ]
    spec = read_experiment(CONFIG, settings)
    worlds = -(-trials // len(spec.tasks))
    spec = spec.model_copy(update={"worlds_per_task": worlds, "buyers": spec.buyers[:1]})
    executor = LocalExecutor(workers, concurrency)
    with tempfile.TemporaryDirectory() as folder:
        result = run(spec, load_catalog(spec.catalog), Path(folder), executor, on_progress=watch)
    chosen = result.progress.by_status.get("chosen", 0)
    assert chosen == result.progress.done == result.progress.planned, result.progress
    return result


def rate(url: str, workers: int, concurrency: int, trials: int) -> float:
    """Returns trials a second, from when all workers are busy until the first runs out of work."""
    arrivals: list[tuple[float, int]] = []
    go(
        url,
        "screenshot",
        workers,
        concurrency,
        trials,
        lambda progress: arrivals.append((time.perf_counter(), progress.done)),
    )
    flying = workers * concurrency
    last = arrivals[-1][1] - flying
    steady = [(at, done) for at, done in arrivals if flying <= done <= last]
    (start, first), (end, final) = steady[0], steady[-1]
    return (final - first) / (end - start)


def speed(latency_s: float, waves: int) -> list[str]:
    """Returns the table of rates."""
    lines = [
        "| workers | trials in flight | browser alone, trials/s | in flight / latency | measured "
        "| of the smaller |",
        "|---|---|---|---|---|---|",
    ]
    with stand_in(0.0) as quick, stand_in(latency_s) as slow:
        for workers in WORKERS:
            browser = [rate(quick, workers, 8, 16 * waves)]
            rows = []
            for concurrency in CONCURRENCY:
                flying = workers * concurrency
                trials = max(20, (2 + waves) * flying)
                rows.append((flying, rate(slow, workers, concurrency, trials)))
            browser.append(rate(quick, workers, 8, 16 * waves))  # the machine's mood changes
            alone = statistics.mean(browser)
            for flying, reached in rows:
                bound = min(alone, flying / latency_s)
                lines.append(
                    f"| {workers} | {flying} | {alone:.2f} | {flying / latency_s:.2f} "
                    f"| {reached:.2f} | {reached / bound:.2f} |"
                )
    return lines


def _resident(pid: int) -> float:
    """Resident memory of a process in MiB; 0 where it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^VmRSS:\s+(\d+)", text, re.M)
    return int(found[1]) / 1024 if found else 0.0


def _below(pid: int) -> list[int]:
    """The processes that descend from one."""
    parents: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                stat = Path(entry.path, "stat").read_text()
            except OSError:
                continue
            parent = int(stat.rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def _sample(done: int) -> Sample:
    workers = [p.pid for p in multiprocessing.active_children() if p.name == "aces worker"]
    pids = [pid for pid in workers if pid is not None]
    browser = [below for pid in pids for below in _below(pid)]
    return Sample(done, sum(map(_resident, pids)), sum(map(_resident, browser)))


def watch_memory(interface: str, trials: int) -> list[Sample]:
    """Returns what one worker and its browser hold, sampled along a run."""
    samples: list[Sample] = []

    def watch(progress: Progress) -> None:
        if 0 < progress.done < progress.planned:  # at the end the workers have gone
            samples.append(_sample(progress.done))

    with stand_in(0.0) as url:
        go(url, interface, 1, 8, trials, watch)
    return samples


def slope(done: Sequence[int], values: Sequence[float]) -> tuple[float, float]:
    """Returns MiB per thousand trials with the half-width of a 95 % interval.

    Ordinary least squares over the means of twenty blocks, since neighbouring samples are alike.
    """
    import numpy as np
    from scipy import stats

    parts = np.array_split(np.arange(len(done)), min(BLOCKS, len(done)))
    x = np.array([np.mean([done[i] for i in part]) for part in parts]) / 1000
    y = np.array([np.mean([values[i] for i in part]) for part in parts])
    fit = stats.linregress(x, y)
    return float(fit.slope), float(fit.stderr * stats.t.ppf(0.975, len(parts) - 2))


def memory(trials: int) -> list[str]:
    """Returns the table of memory.

    The first fifth of each run is left out: pages are renewed after some uses, and bounded caches
    fill, so that it takes a few hundred trials until old and new are mixed.
    """
    lines = [
        "| interface | process | mean, MiB | slope, MiB per 1,000 trials (95 % interval) "
        "| last quarter / first quarter |",
        "|---|---|---|---|---|",
    ]
    for interface in ("json", "screenshot"):
        samples = [s for s in watch_memory(interface, trials) if s.done > trials // 5]
        done = [sample.done for sample in samples]
        for name in ("worker", "browser") if interface == "screenshot" else ("worker",):
            values = [getattr(sample, name) for sample in samples]
            quarter = len(values) // 4
            ratio = statistics.mean(values[-quarter:]) / statistics.mean(values[:quarter])
            rise, half = slope(done, values)
            lines.append(
                f"| {interface} | {name} | {statistics.mean(values):.0f} "
                f"| {rise:+.1f} ({rise - half:+.1f} to {rise + half:+.1f}) | {ratio:.3f} |"
            )
    return lines


def main() -> None:
    """Measures one part or both, prints it and writes it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", choices=("rate", "memory"), help="both where not given")
    parser.add_argument("--latency", type=float, default=2.0, metavar="SECONDS")
    parser.add_argument("--waves", type=int, default=8, help="answers per slot in the steady part")
    parser.add_argument("--trials", type=int, default=2000, help="whose memory is watched")
    args = parser.parse_args()
    if args.part != "memory":
        title = f"Trials in flight: screenshots in Chromium, a model that takes {args.latency:g} s"
        _tell("throughput", title, speed(args.latency, args.waves))
    if args.part != "rate":
        _tell("memory", f"Memory over {args.trials} trials", memory(args.trials))


def _tell(name: str, title: str, lines: Sequence[str]) -> None:
    body = "\n".join(lines)
    print(body)
    print(f"\nwrote {write_result(name, title, body)}")


if __name__ == "__main__":
    main()
