"""How fast are trials, and what would the bare tools give?

    python -m benchmarks.speed [--rounds 5] [--trials 30] [--in-process 3000]

Browser: our trials (world built, page read, choice made, screenshot kept, outcome stored) against a
bare Playwright loop that does the same page loads, clicks and screenshot against the same shop and
nothing else. Rounds of the two alternate, so that both meet the same noise. In process: enter,
results page, cart, order through the JSON API, stored, on one core.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aces.catalog import load_catalog
from aces.catalog_store import keep_catalog, stored_catalog
from aces.cli.console import read_experiment
from aces.store import RunStore
from agents.browser import find_chromium
from benchmarks.machine import write_result
from experiments.executors import Setting, keep
from experiments.executors.inline import InlineExecutor
from experiments.executors.local import LocalExecutor
from experiments.plan import Plan, make_plan
from experiments.station import Job, Station
from experiments.trial import run_trial

CONFIG = Path(__file__).parent.parent / "experiments" / "configs" / "demo-browser.yaml"
ISOLATIONS = ("context", "reuse")
Round = Callable[[Sequence[Job]], Awaitable[None]]


def make(interface: str, worlds: int) -> tuple[Plan, list[Job]]:
    """Returns plan and jobs of the demo experiment through one interface."""
    settings = [f"interface=[{interface}]", f"worlds_per_task={worlds}"]
    spec = read_experiment(CONFIG, settings)
    plan = make_plan(spec, load_catalog(spec.catalog))
    cells = [(task.id, k) for k in range(worlds) for task in spec.tasks]
    assignments = plan.draw_cells(cells)
    by_id = {assignment.world_id: assignment for assignment in assignments}
    return plan, [Job(t, by_id[t.world_id]) for t in plan.trials(assignments, 0, 0)]


async def compare(isolation: str, rounds: int, trials: int) -> dict[str, list[float]]:
    """Returns trials per second of our loop and of the bare one, round by round."""
    from playwright.async_api import async_playwright

    face = f"{{use: screenshot, isolation: {isolation}}}"
    plan, jobs = make(face, 2 * trials)
    rates: dict[str, list[float]] = {"aces": [], "bare": []}
    with tempfile.TemporaryDirectory() as folder, RunStore.create(folder) as store:
        async with Station(plan) as station, async_playwright() as playwright:
            await station.open({"screenshot"})
            path = find_chromium()
            browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            bare = await _bare(station, browser, isolation)
            ours = _ours(station, store)
            for first, second in (("aces", "bare"), ("bare", "aces")) * ((rounds + 2) // 2):
                for name in (first, second):
                    loop = ours if name == "aces" else bare
                    rates[name].append(await _rate(loop, jobs[:trials]))
            await browser.close()
    return {name: values[1 : rounds + 1] for name, values in rates.items()}  # the first warms up


async def _rate(loop: Round, jobs: Sequence[Job]) -> float:
    started = time.perf_counter()
    await loop(jobs)
    return len(jobs) / (time.perf_counter() - started)


def _ours(station: Station, store: RunStore) -> Round:
    async def loop(jobs: Sequence[Job]) -> None:
        for job in jobs:
            record = await run_trial(job, station)
            assert record.choice.status == "chosen", record.choice
            store.add_finished([keep(job, record, store.blobs)], 1)

    return loop


async def _bare(station: Station, browser: Any, isolation: str) -> Round:  # noqa: ANN401
    """The same page loads, clicks and screenshot, and nothing else."""
    size = {"width": 1280, "height": 1080}
    base = station.shop_url

    async def shop(page: Any, job: Job) -> None:  # noqa: ANN401
        token = station.admit(job.assignment)
        await page.goto(f"{base}/enter/{token}")
        await page.screenshot()
        await page.locator("form.add button").first.click()
        await page.locator("a[href='/checkout']").first.click()
        await page.locator("form[action='/orders'] button").first.click()
        await page.wait_for_url("**/orders/*")
        assert station.ordered(token)
        station.close(token)

    async def fresh(jobs: Sequence[Job]) -> None:
        for job in jobs:
            context = await browser.new_context(viewport=size)
            await shop(await context.new_page(), job)
            await context.close()

    kept = await (await browser.new_context(viewport=size)).new_page()

    async def reused(jobs: Sequence[Job]) -> None:
        for job in jobs:
            await kept.context.clear_cookies()
            await shop(kept, job)

    return fresh if isolation == "context" else reused


def two_workers(isolation: str, trials: int) -> float:
    """Returns trials per second with two worker processes, start-up left out."""
    face = f"{{use: screenshot, isolation: {isolation}}}"
    plan, jobs = make(face, trials)
    with tempfile.TemporaryDirectory() as folder, RunStore.create(folder) as store:
        executor = LocalExecutor(2)
        keep_catalog(store, plan.catalog, "demo")
        stored = replace(plan, catalog=stored_catalog(store))
        setting = Setting(stored, store.blobs.folder, frozenset({"screenshot"}))
        arrivals = []
        for finished in executor.run(setting, jobs[: 4 * trials]):
            store.add_finished(finished, 1)
            arrivals += [time.perf_counter()] * len(finished)
    half = len(arrivals) // 4  # both workers are warm by then
    return (len(arrivals) - half) / (arrivals[-1] - arrivals[half - 1])


def in_process(trials: int) -> tuple[float, float]:
    """Returns trials per wall second and per processor second, one process, stored."""
    plan, jobs = make("json", -(-trials // 6))
    with tempfile.TemporaryDirectory() as folder, RunStore.create(folder) as store:
        setting = Setting(plan, store.blobs.folder, frozenset({"json"}))
        work = InlineExecutor().run(setting, jobs)
        first = next(work)  # start-up is over
        wall, cpu = time.perf_counter(), time.process_time()
        store.add_finished(first, 1)
        for finished in work:
            store.add_finished(finished, 1)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return (len(jobs) - len(first)) / wall, (len(jobs) - len(first)) / cpu


async def latency(requests: int = 300) -> dict[str, list[float]]:
    """Returns milliseconds of the results page, as HTML over a socket, by world."""
    plan, jobs = make("html", 50)
    async with Station(plan) as station:
        await station.open({"html"})
        found: dict[str, list[float]] = {"html over a socket": []}
        for index in range(requests):
            token = station.admit(jobs[index % len(jobs)].assignment)
            request = urllib.request.Request(
                f"{station.shop_url}/search?q=x", headers={"Cookie": f"session={token}"}
            )
            started = time.perf_counter()
            await asyncio.to_thread(lambda r=request: urllib.request.urlopen(r).read())
            found["html over a socket"].append(1000 * (time.perf_counter() - started))
            station.close(token)
    return found


def _browser_lines(rounds: int, trials: int) -> list[str]:
    lines = [
        "## Browser: one Chromium, one trial after another",
        "",
        "| isolation | ACES, trials/s | bare Playwright, trials/s | ratio, median (rounds) |",
        "|---|---|---|---|",
    ]
    for isolation in ISOLATIONS:
        rates = asyncio.run(compare(isolation, rounds, trials))
        ratios = [a / b for a, b in zip(rates["aces"], rates["bare"], strict=True)]
        shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        ours, bare = (statistics.median(rates[name]) for name in ("aces", "bare"))
        lines.append(
            f"| {isolation} | {ours:.1f} | {bare:.1f} | {statistics.median(ratios):.2f} ({shown}) |"
        )
    return lines


def main() -> None:
    """Measures everything, prints it and writes it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--in-process", type=int, default=3000)
    args = parser.parse_args()
    lines = _browser_lines(args.rounds, args.trials)
    lines += ["", "## Browser: two worker processes", "", "| isolation | trials/s |", "|---|---|"]
    for isolation in ISOLATIONS:
        lines.append(f"| {isolation} | {two_workers(isolation, args.trials):.1f} |")
    runs = [in_process(args.in_process) for _ in range(args.rounds)]
    wall, cpu = (statistics.median(values) for values in zip(*runs, strict=True))
    lines += [
        "",
        "## In process: enter, results page, add to cart, order, stored; one core",
        "",
        f"{wall:.0f} trials a second by the clock, {cpu:.0f} a processor second "
        f"(median of {args.rounds} x {args.in_process} trials).",
    ]
    lines += ["", "## Results page", "", "| | median, ms | 95th percentile, ms |", "|---|---|---|"]
    for name, values in asyncio.run(latency()).items():
        tail = sorted(values)[int(0.95 * len(values))]
        lines.append(f"| {name} | {statistics.median(values):.1f} | {tail:.1f} |")
    body = "\n".join(lines)
    print(body)
    print(f"\nwrote {write_result('speed', 'Speed of trials', body)}")


if __name__ == "__main__":
    main()
