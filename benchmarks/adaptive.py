"""What adaptive allocation gains, what it does to plain means, and which intervals hold.

Five arms, outcomes 0 or 1, worlds in batches whose shares come from `aces.stats.allocation` as in
`design: adaptive`, estimated by `aces.stats.adaptive` as `aipw` does. Beside each a fixed design
with equal shares and the same number of worlds.

    python -m benchmarks.adaptive [--runs 1000]
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from aces.seeds import Stream
from aces.stats.adaptive import Method, arm_means
from aces.stats.allocation import Rule, Tally, shares
from benchmarks.machine import write_result

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SCENARIOS: dict[str, tuple[float, ...]] = {
    "no difference": (0.125, 0.125, 0.125, 0.125, 0.125),
    "one better arm": (0.125, 0.125, 0.20, 0.125, 0.125),
    "near ties": (0.125, 0.18, 0.20, 0.19, 0.125),
    "rare purchases": (0.04, 0.04, 0.08, 0.04, 0.04),
}
BEST = 2
RULES: tuple[Rule, ...] = get_args(Rule)
METHODS: tuple[Method, ...] = get_args(Method)
FLOOR = 0.05
CHUNK = 250


@dataclass(frozen=True)
class Runs:
    """Simulated experiments: (runs, worlds) outcomes and arms, (runs, worlds, K) chances."""

    y: Floats
    arm: Ints
    chances: Floats


@dataclass(frozen=True)
class Setting:
    """What is simulated: the arms' shares, the rule (None: equal shares), sizes, and the floor."""

    truth: tuple[float, ...]
    rule: Rule | None
    worlds: int
    batch: int
    floor: float = FLOOR


def experiment(setting: Setting, runs: int, seed: int) -> Runs:
    """Returns experiments by a rule; without one all arms are alike."""
    truth, rule, worlds, batch = setting.truth, setting.rule, setting.worlds, setting.batch
    rng = Stream("adaptive", seed, rule, worlds, batch, setting.floor, *truth).generator()
    arms, mean = len(truth), np.array(truth)
    y, arm = np.zeros((runs, worlds)), np.zeros((runs, worlds), dtype=np.int64)
    chances = np.full((runs, worlds, arms), 1 / arms)
    n, total = np.zeros((runs, arms)), np.zeros((runs, arms))
    for start in range(0, worlds, batch):
        some = slice(start, min(start + batch, worlds))
        if rule is not None and start:
            share = shares(rule, Tally(n, total, total, bounded=True), setting.floor)
            chances[:, some] = share[:, None]
        size = (runs, some.stop - start)
        edges = chances[:, start].cumsum(axis=1)[:, None, :-1]
        arm[:, some] = (rng.random(size)[..., None] >= edges).sum(axis=2)
        y[:, some] = rng.random(size) < mean[arm[:, some]]
        had = arm[:, some][..., None] == np.arange(arms)
        n += had.sum(axis=1)
        total += (had * y[:, some][..., None]).sum(axis=1)
    return Runs(y, arm, chances)


def chunks(setting: Setting, runs: int) -> Iterator[Runs]:
    """Yields all runs, some at a time."""
    for first in range(0, runs, CHUNK):
        yield experiment(setting, min(CHUNK, runs - first), first)


@dataclass
class Seen:
    """What one method found in all runs: estimates, limits and widths of means and of one gain."""

    estimate: list[Floats]
    covers: list[Floats]
    width: list[Floats]

    def summary(self, truth: tuple[float, ...]) -> tuple[float, ...]:
        """Returns bias of the best arm's mean, the greatest bias, coverages, and mean widths."""
        mean = np.array(self.estimate)[:, :-1]
        bias = mean.mean(axis=0) - np.array(truth)
        covers = np.array(self.covers).mean(axis=0)
        width = np.nanmean(np.array(self.width), axis=0)
        greatest = bias[np.abs(bias).argmax()]
        return (
            float(bias[BEST]),
            float(greatest),
            float(covers[:-1].min()),
            float(covers[:-1].mean()),
            float(covers[-1]),
            float(width[BEST]),
            float(width[-1]),
        )


def inference(setting: Setting, runs: int) -> dict[Method, Seen]:
    """Returns what each method found of the means, and of the gain of the best arm."""
    seen: dict[Method, Seen] = {method: Seen([], [], []) for method in METHODS}
    wanted = np.array([*setting.truth, setting.truth[BEST] - setting.truth[0]])
    for found in chunks(setting, runs):
        for y, arm, chances in zip(found.y, found.arm, found.chances, strict=True):
            for method, kept in seen.items():
                means = arm_means(y, arm, chances, method, bounded=True)
                values = [means.mean(a) for a in range(len(setting.truth))]
                values.append(means.contrast(BEST, 0))
                kept.estimate.append(np.array([v.estimate for v in values]))
                low, high = (np.array([getattr(v, e) for v in values]) for e in ("low", "high"))
                kept.covers.append(((low <= wanted) & (wanted <= high)).astype(float))
                kept.width.append(high - low)
    return seen


HEAD = (
    "| shares | method | bias of the best arm | greatest bias | coverage, worst arm | coverage, "
    "mean | coverage, gain | width, best arm | width, gain |\n|---|---|---|---|---|---|---|---|---|"
)


def intervals(name: str, worlds: int, batch: int, floor: float, runs: int) -> str:
    """Returns bias, coverage and width of every method in a scenario, as Markdown."""
    truth = SCENARIOS[name]
    lines = [
        f"\n**{name}**: {', '.join(f'{t:g}' for t in truth)}; {worlds} worlds, batches of {batch}, "
        f"floor {floor:g}, {runs} runs\n",
        HEAD,
    ]
    for rule in (None, *RULES):
        seen = inference(Setting(truth, rule, worlds, batch, floor), runs)
        for method in METHODS if rule else ("naive",):
            b, g, worst, mean, gain, w, wg = seen[method].summary(truth)
            lines.append(
                f"| {rule or 'equal'} | {method} | {b:+.4f} | {g:+.4f} | {worst:.3f} | "
                f"{mean:.3f} | {gain:.3f} | {w:.3f} | {wg:.3f} |"
            )
        print(name, rule, flush=True)
    return "\n".join(lines)


def gains(runs: int) -> str:
    """Returns regret and how often the best arm is named, by size and batch, as Markdown."""
    lines = [
        "| scenario | worlds | batch | " + " | ".join(("equal", *RULES)) + " |",
        "|---|---|---|" + "---|" * (1 + len(RULES)),
    ]
    for name in ("one better arm", "near ties"):
        truth = SCENARIOS[name]
        for worlds, batch in ((250, 25), (250, 125), (1000, 25), (1000, 100), (1000, 500)):
            cells = []
            for rule in (None, *RULES):
                lost, right = outcome(Setting(truth, rule, worlds, batch), runs)
                cells.append(f"{1000 * lost:.1f}, {100 * right:.0f} %")
            lines.append(f"| {name} | {worlds} | {batch} | " + " | ".join(cells) + " |")
            print(lines[-1], flush=True)
    return "\n".join(lines)


def outcome(setting: Setting, runs: int) -> tuple[float, float]:
    """Returns regret per world, and how often the arm that is said to be best is."""
    lost, right = 0.0, 0
    mean = np.array(setting.truth)
    method: Method = "weighted_aipw" if setting.rule else "naive"
    for found in chunks(setting, runs):
        lost += float((mean.max() - mean[found.arm]).mean(axis=1).sum())
        for y, arm, chances in zip(found.y, found.arm, found.chances, strict=True):
            best = int(np.nanargmax(arm_means(y, arm, chances, method).estimate))
            right += mean[best] == mean.max()
    return lost / runs, right / runs


def main() -> None:
    """Runs all simulations and writes the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    runs = parser.parse_args().runs
    blocks = [intervals(name, 1000, 100, FLOOR, runs) for name in SCENARIOS]
    blocks.append(intervals("no difference", 300, 50, 0.01, runs))
    body = (
        "Purchases lost per 1,000 worlds against always showing the best arm, and how often the "
        f"arm named best is the best; floor {FLOOR:g}, {runs} runs each. Equal shares name it by "
        f"plain means, the others by weighted AIPW.\n\n{gains(runs)}\n\nPlain means and weighted "
        "ones: bias, coverage of 95 % intervals and their widths. The gain is that of the best arm "
        "(the third) against the first.\n" + "\n".join(blocks)
    )
    print(body)
    write_result("adaptive", "Adaptive allocation", body)


if __name__ == "__main__":
    main()
