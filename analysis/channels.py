"""The same shelf through several channels: what each interface changes in a buyer's choices.

Each channel has a conditional logit of its own on the worlds that all of them met. Differences from
the first channel, and tests of many at once, take from the worlds what the channels share.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from aces.errors import EstimationError
from aces.stats.equivalence import equivalence
from aces.stats.joint import WaldTest
from aces.stats.multiplicity import holm
from aces.types import Estimate
from analysis.comparison.endings import equal_outcomes
from analysis.display import (
    Plot,
    Point,
    Table,
    counted,
    interval,
    listed,
    number,
    p_equals,
    p_value,
    with_limits,
)
from analysis.fits import GROUP, groups
from analysis.stacked import Contrast, Stacked, fit_arm, infer

BUYER = tuple(name for name in GROUP if name != "interface")
ALL = "all terms"


@dataclass(frozen=True)
class BuyerChannels:
    """One buyer's channels.

    Attributes:
        group: Whose: column -> value, without the interface.
        whose: In words.
        names: Channels, the first being the baseline.
        stacked: Their fits, in the same order.
        identical: Channels in which every trial ended as in the first.
        agreement: Channel -> pairs of trials with equal outcomes, and pairs.
    """

    group: Mapping[str, str]
    whose: str
    names: tuple[str, ...]
    stacked: Stacked
    identical: frozenset[str]
    agreement: Mapping[str, tuple[int, int]]

    def level(self, channel: int) -> Contrast:
        """Returns the coefficients in one channel."""
        return self.stacked.contrast(np.eye(len(self.names))[channel])

    def difference(self, channels: Sequence[int], which: Sequence[int] | None = None) -> Contrast:
        """Returns the coefficients of channels less those of the first."""
        apart = [i for i in channels if self.names[i] not in self.identical]
        k = len(self.stacked.terms) if which is None else len(which)
        if not apart:
            size = k * len(channels)
            return infer(np.zeros(size), np.zeros((size, size)), self.stacked.n_clusters - 1.0)
        rows = np.eye(len(self.names))[apart]
        rows[:, 0] -= 1.0
        return self.stacked.contrast(rows, which)


def buyer_channels(
    table: pd.DataFrame, terms: Sequence[str], effects: str | None
) -> tuple[list[BuyerChannels], list[str]]:
    """Returns every buyer with two channels or more, and what could not be estimated."""
    found, notes = [], []
    arms: dict[tuple[str, ...], dict[str, pd.DataFrame]] = {}
    for group, rows in groups(table):
        key = tuple(group[name] for name in BUYER)
        arms.setdefault(key, {})[group["interface"]] = rows
    words = _names(list(arms))
    for key, channels in arms.items():
        fits = {}
        for channel, rows in channels.items():
            try:
                fits[channel] = fit_arm(rows, terms, effects=effects)
            except EstimationError as error:
                notes.append(f"{words[key]} · {channel}: no estimates: {error}")
        first = next(iter(channels.values()))
        # channel -> pairs of trials on one world that ended as in the first, and pairs
        agreement = {name: equal_outcomes(first, rows) for name, rows in channels.items()}
        if len(fits) < 2:
            notes.append(f"{words[key]}: a comparison of channels needs two that can be estimated")
            notes += _identical_only(words[key], agreement, channels)
            continue
        names = tuple(fits)
        same = {name for name in names[1:] if _identical(agreement[name], channels[name])}
        same = same if names[0] == next(iter(channels)) else set()
        stacked = Stacked(tuple(terms), list(fits.values()))
        group = dict(zip(BUYER, key, strict=True))
        found.append(BuyerChannels(group, words[key], names, stacked, frozenset(same), agreement))
    return found, notes


def _names(keys: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Whose, in words: the buyer, and what else sets it apart from others of that name."""
    told = {}
    for key in keys:
        whose = dict(zip(BUYER, key, strict=True))
        alike = [other for other in keys if other[0] == key[0]]
        apart = [whose["persona"], whose["prompt_hash"][:8]] if len(alike) > 1 else []
        told[key] = " · ".join(filter(None, [whose["buyer"], *apart])) or "all choices"
    return told


def _identical(agreement: tuple[int, int], rows: pd.DataFrame) -> bool:
    equal, pairs = agreement
    return equal == pairs == rows["trial_id"].nunique()


def _identical_only(
    whose: str, agreement: Mapping[str, tuple[int, int]], channels: Mapping[str, pd.DataFrame]
) -> list[str]:
    """Says which channels are identical even where nothing can be estimated."""
    first, *others = channels
    same = [name for name in others if _identical(agreement[name], channels[name])]
    if not same:
        return []
    n = counted(agreement[same[0]][1], "paired outcome")
    return [f"{whose}: {listed(same)} identical to {first}: all {n} are equal"]


@dataclass(frozen=True)
class Settings:
    """What is asked of the channels.

    Attributes:
        name: Of the analysis.
        terms: Whose coefficients are compared.
        families: Name -> terms that are tested together.
        effects: Column with a coefficient for each level in each channel; None for none.
        smallest: Smallest difference of interest, for a verdict on each; None without.
    """

    name: str
    terms: tuple[str, ...]
    families: Mapping[str, tuple[str, ...]]
    effects: str | None = "product_id"
    smallest: float | None = None


@dataclass(frozen=True)
class ChannelEffects:
    """Coefficients by channel, and how they differ from those of the first.

    Attributes:
        asked: What is asked.
        buyers: Every buyer with two channels or more.
        notes: What must be said beside them.
    """

    asked: Settings
    buyers: Sequence[BuyerChannels]
    notes: list[str]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row per buyer, term and channel."""
        return [row for buyer in self.buyers for row in self._of_buyer(buyer)]

    def _of_buyer(self, buyer: BuyerChannels) -> Iterator[dict[str, Any]]:
        levels = [buyer.level(i) for i in range(len(buyer.names))]
        apart = {i: buyer.difference([i]) for i in range(1, len(buyer.names))}
        for t, term in enumerate(self.asked.terms):
            adjusted = holm([apart[i].p[t] for i in apart])
            for i, channel in enumerate(buyer.names):
                yield {
                    "buyer": buyer,
                    "term": term,
                    "channel": channel,
                    "level": _at(levels[i], t),
                    "trials": buyer.stacked.arms[i].trials,
                    "difference": _at(apart[i], t) if i else None,
                    "p": float(apart[i].p[t]) if i else None,
                    "holm": float(adjusted[i - 1]) if i else None,
                }

    @property
    def table(self) -> Table:
        """The coefficients for people."""
        judged = self.asked.smallest is not None
        heads = ("buyer", "term", "channel", "log-odds", "95 % interval", "difference")
        heads = (*heads, "95 % interval", "p (Holm)", *(("verdict",) if judged else ()))
        lines = tuple(tuple(self._line(row)) for row in self.rows)
        firsts = listed(list(dict.fromkeys(buyer.names[0] for buyer in self.buyers)))
        worlds = listed([f"{buyer.stacked.n_clusters:,}" for buyer in self.buyers])
        note = (
            f"Differences are from {firsts}, on the same worlds ({worlds}); errors are clustered "
            "by world and allow for what channels share. P-values are adjusted for the channels."
        )
        if judged:
            note += (
                f" Verdict: `absent` where the 90 % interval of the difference lies within ± "
                f"{self.asked.smallest:g}."
            )
        return Table(f"{self.asked.name} · log-odds by channel", heads, lines, note)

    def _line(self, row: Mapping[str, Any]) -> Iterator[str]:
        value, _, low, high = row["level"]
        yield from (row["buyer"].whose, row["term"], row["channel"])
        yield from (number(value), interval(low, high))
        if row["difference"] is None:
            yield from ("", "", "", *([""] if self.asked.smallest is not None else []))
            return
        value, _, low, high = row["difference"]
        same = row["channel"] in row["buyer"].identical
        yield from (number(value), "identical" if same else interval(low, high))
        yield p_value(row["holm"])
        if self.asked.smallest is not None:
            yield "identical" if same else self._verdict(row)

    def _verdict(self, row: Mapping[str, Any]) -> str:
        value, error, _, _ = row["difference"]
        if self.asked.smallest is None or not error > 0:
            return ""
        df = row["buyer"].stacked.n_clusters - 1.0
        return equivalence([value], [error], self.asked.smallest, df=df).verdicts[0]

    @property
    def answer(self) -> list[str]:
        """The clearest difference between channels, of each buyer."""
        said = []
        for buyer in self.buyers:
            own = [r for r in self.rows if r["buyer"] is buyer and r["difference"] is not None]
            apart = [r for r in own if r["channel"] not in buyer.identical]
            if apart:
                row = min(apart, key=lambda r: r["p"])
                value, _, low, high = row["difference"]
                # Holm's adjustment of the smallest of all
                sure = "" if row["p"] * len(apart) < 0.05 else ", which may be chance"
                said.append(
                    f"{buyer.whose}: {row['channel']} differs most from {buyer.names[0]} in "
                    f"{row['term']}, by {with_limits(value, low, high, digits=2)} in "
                    f"log-odds{sure}."
                )
        return said

    @property
    def plots(self) -> list[Plot]:
        """Log-odds by term, a colour for each channel; a plot for each buyer."""
        plots = []
        for buyer in self.buyers:
            series: dict[str, list[Point]] = {}
            for row in (row for row in self.rows if row["buyer"] is buyer):
                value, _, low, high = row["level"]
                series.setdefault(row["channel"], []).append(Point(row["term"], value, low, high))
            title = f"{self.asked.name}: log-odds by channel, {buyer.whose}"
            plots.append(Plot(title, "log-odds", series, reference=0.0))
        return plots

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: coefficients, and differences from the first."""
        return [one for row in self.rows for one in self._estimates(row)]

    def _estimates(self, row: Mapping[str, Any]) -> Iterator[Estimate]:
        buyer: BuyerChannels = row["buyer"]
        common: dict[str, Any] = {
            **buyer.group,
            "interface": row["channel"],
            "analysis": self.asked.name,
            "term": row["term"],
            "n_trials": row["trials"],
            "n_clusters": buyer.stacked.n_clusters,
        }
        yield Estimate(
            **common,
            **_numbers(row["level"]),
            estimand="log-odds of choice given a purchase, in this channel",
            estimator="channel",
        )
        if row["difference"] is not None:
            yield Estimate(
                **common,
                **_numbers(row["difference"]),
                p_value=row["p"],
                estimand=f"difference of log-odds from channel {buyer.names[0]}, on its worlds",
                estimator="channel_difference",
            )


def _at(contrast: Contrast, i: int) -> tuple[float, float, float, float]:
    parts = (contrast.value, contrast.error, contrast.low, contrast.high)
    return tuple(float(part[i]) for part in parts)  # type: ignore[return-value]


def _numbers(values: tuple[float, float, float, float]) -> dict[str, float]:
    return dict(zip(("estimate", "std_error", "ci_low", "ci_high"), values, strict=True))


@dataclass(frozen=True)
class ChannelTests:
    """Does a channel change anything? Joint tests against the first, channel by channel and of all.

    Attributes:
        asked: What is asked.
        buyers: Every buyer with two channels or more.
    """

    asked: Settings
    buyers: Sequence[BuyerChannels]
    notes: list[str]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row per buyer, family of terms and channel; an empty channel stands for all."""
        index = {term: i for i, term in enumerate(self.asked.terms)}
        sets = {ALL: self.asked.terms, **self.asked.families}
        return [
            row
            for buyer in self.buyers
            for name, terms in sets.items()
            for row in _tests(buyer, name, [index[term] for term in terms])
        ]

    @property
    def table(self) -> Table:
        """The tests for people."""
        heads = ("buyer", "terms", "channel", "same outcome", "F", "d.f.", "p", "p (Holm)")
        lines = tuple(tuple(_test_line(row)) for row in self.rows)
        note = (
            "Wald's tests that coefficients equal those of the first channel, clustered by world. "
            "Holm over channels, within the terms tested together."
        )
        return Table(f"{self.asked.name} · joint tests", heads, lines, note)

    @property
    def answer(self) -> list[str]:
        """Whether the channel changes anything, of each buyer."""
        whole: dict[str, dict[str, Any]] = {}
        for row in self.rows:
            if row["terms"] == ALL:
                whole[row["buyer"].whose] = row  # the last: of all channels at once
        return [f"{whose}: {_verdict(row['test'])}." for whose, row in whole.items()]

    @property
    def plots(self) -> list[Plot]:
        """None: the table says it all."""
        return []

    def estimates(self) -> list[Estimate]:
        """Returns rows of `estimates.csv`: Wald's statistics over their degrees of freedom."""
        return [
            Estimate(
                **row["buyer"].group,
                interface=row["channel"] or "all",
                analysis=self.asked.name,
                estimand=f"F of no difference from channel {row['buyer'].names[0]}: {row['terms']}",
                estimator="channel_joint",
                term=f"joint[{row['terms']}]",
                estimate=row["test"].statistic,
                p_value=row["test"].p_value,
                n_clusters=row["buyer"].stacked.n_clusters,
            )
            for row in self.rows
        ]


def _tests(buyer: BuyerChannels, name: str, which: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Each channel against the first, adjusted for their number; then all of them at once."""
    others = range(1, len(buyer.names))
    tests = [buyer.difference([i], which).joint for i in others]
    adjusted = holm([test.p_value for test in tests])
    for i, test, p in zip(others, tests, adjusted.tolist(), strict=True):
        yield {"buyer": buyer, "terms": name, "channel": buyer.names[i], "test": test, "holm": p}
    if len(tests) > 1:
        test = buyer.difference(others, which).joint
        yield {"buyer": buyer, "terms": name, "channel": "", "test": test, "holm": None}


def _verdict(test: WaldTest) -> str:
    if test.df == 0:
        return "choices are the same through each channel"
    does = "changes" if test.p_value < 0.05 else "is not shown to change"
    return f"the channel {does} what moves choices ({p_equals(test.p_value)}, all terms at once)"


def _test_line(row: Mapping[str, Any]) -> Iterator[str]:
    test: WaldTest = row["test"]
    buyer: BuyerChannels = row["buyer"]
    same, pairs = buyer.agreement.get(row["channel"], (0, 0))
    yield from (buyer.whose, row["terms"], row["channel"] or "any channel")
    yield f"{same:,} of {pairs:,}" if pairs else ""
    if test.df == 0:
        yield from ("identical", "", "", "")
        return
    yield from (number(test.statistic, 2), f"{test.df}, {test.df_clusters:,.0f}")
    yield from (p_value(test.p_value), p_value(row["holm"]))


def channels(table: pd.DataFrame, asked: Settings) -> list[ChannelEffects | ChannelTests]:
    """Compares the channels of every buyer of a long table.

    Raises:
        EstimationError: If no buyer has two channels that can be estimated, or a family of terms
            names one that is not estimated.
    """
    unknown = [t for own in asked.families.values() for t in own if t not in asked.terms]
    if unknown:
        raise EstimationError(f"families name {listed(unknown)}, which is not among the terms")
    buyers, notes = buyer_channels(table, asked.terms, asked.effects)
    if not buyers:
        raise EstimationError("; ".join(notes) or "there is no buyer with two channels")
    said = [f"{asked.name}: {note}" for note in [*notes, *_left_out(buyers)]]
    return [ChannelEffects(asked, buyers, said), ChannelTests(asked, buyers, [])]


def _left_out(buyers: Sequence[BuyerChannels]) -> Iterator[str]:
    """Says how many trials of each channel are in no estimate: they may be lost unevenly."""
    for buyer in buyers:
        for name, arm in zip(buyer.names, buyer.stacked.arms, strict=True):
            if arm.left_out:
                counts = ", ".join(f"{n:,} {status}" for status, n in arm.left_out.items())
                yield f"{buyer.whose} · {name}: left out as nothing was bought: {counts}"
