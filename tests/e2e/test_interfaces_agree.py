"""Acceptance: every interface perceives the same shelf, field by field, and buys the same thing."""

import asyncio
from typing import Any

import pytest

from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.spec import ExperimentSpec, Plugin
from aces.types import PerceivedListing
from agents.browser import find_chromium
from experiments.plan import Plan, make_plan
from experiments.station import Job, Station
from experiments.trial import Record, run_trial

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium; see `aces doctor`"),
]

EXPERIMENT = """
name: agree
seed: 3
tasks:
  - {id: fitness_watch, category: fitness_watch}
  - {id: toothpaste, category: toothpaste}
shelf: {size: 8, columns: 4, sample: true}
treatments:
  - {use: position}
  - {use: price, sigma: 0.3, list_price: keep}
  - {use: rating, spread: 0.4}
  - {use: review_count, sigma: 1.0}
  - {use: fee, amounts: [0, 150, 1250]}
  - use: badges
    tags:
      - {level: sponsored, most: 4}
      - {level: overall_pick}
      - {level: best_seller}
      - {level: limited_time}
      - {level: scarcity, also: {stock: [1, 2, 3, 4]}}
  - use: listing
    name: disclosure
    unit: listing
    arms:
      - {name: none}
      - {name: plain, changes: {marks: [{kind: ad, text: Ad, look: quiet, place: title}]}}
      - {name: full, changes: {marks: [{kind: ad, text: "Paid placement, {value}", value: 3}]}}
buyers:
  - use: utility
    name: planted
    coefficients:
      {row_1: 0.9, col_1: 0.5, col_2: 0.2, col_3: -0.1, pos_8: 0.4, log_price: -1.8, rating: 0.8,
      log_review_count: 0.15, sponsored: -0.2, overall_pick: 1.2, best_seller: 0.4,
      limited_time: 0.2, scarcity: 0.3, discounted: 0.5, "log_price:sponsored": -0.1, ad: -0.4,
      fee: -0.1}
    product_effects: {sd: 0.5, log_price: 1.0}
interface: [json, screenshot, aria, html, {use: numbered, numbers: shuffled}]
worlds_per_task: 100
"""
INTERFACES = ("json", "screenshot", "aria", "html", "numbered")
BOXES = {"box", "exposed", "number"}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    path = tmp_path_factory.mktemp("agree") / "agree.yaml"
    path.write_text(EXPERIMENT)
    return make_plan(read_experiment(path), load_catalog("demo"))


async def _visit_all(plan: Plan, worlds: int, *tasks: str) -> list[dict[str, Record]]:
    """The records of each world, by interface; of all tasks where none is named."""
    found = []
    async with Station(plan) as station:
        await station.open(set(INTERFACES))
        for task in [task for task in plan.tasks if not tasks or task in tasks]:
            for k in range(worlds):
                assignment = plan.assignment(task, k)
                trials = plan.trials([assignment], 0, 0)
                found.append(
                    {t.interface: await run_trial(Job(t, assignment), station) for t in trials}
                )
    return found


def _check(records: list[dict[str, Record]]) -> None:
    for by_interface in records:
        reference = by_interface["json"]
        assert reference.choice.status == "chosen", reference.choice
        for name, record in by_interface.items():
            assert record.choice.status == "chosen", (name, record.choice)
            assert record.choice.product_id == reference.choice.product_id, name
            assert [x.model_dump(exclude=BOXES) for x in record.listings] == [
                x.model_dump(exclude=BOXES) for x in reference.listings
            ], name
            assert all(item.exposed for item in record.listings), name
            assert record.choice.blocked_requests == 0
        numbers = [item.number for item in by_interface["numbered"].listings]
        assert sorted(numbers) == list(range(1, len(numbers) + 1))


def test_interfaces_agree_on_a_few_worlds(plan: Plan) -> None:
    _check(asyncio.run(_visit_all(plan, 2)))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("task", ["fitness_watch", "toothpaste"])  # one for each worker
def test_interfaces_agree_over_100_worlds_of_each_task(plan: Plan, task: str) -> None:
    records = asyncio.run(_visit_all(plan, 100, task))
    assert len(records) == 100
    _check(records)
    seen = [item for by_interface in records for item in by_interface["json"].listings]
    # the check is worth something only where every field was in play
    assert {kind for item in seen for kind in item.marks} == {
        "sponsored",
        "overall_pick",
        "best_seller",
        "limited_time",
        "scarcity",
        "ad",
    }
    assert any(item.list_price_cents for item in seen)
    assert {item.fee_cents for item in seen} == {0, 150, 1250}
    assert {by["json"].choice.product_id for by in records} > {seen[0].product_id}


def test_a_misread_rating_is_noticed(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """The adversary: an interface that misreads one field must not pass, even if it buys alike."""
    from agents.interfaces import html

    read = html.read_listing

    def misread(*args: Any, **texts: Any) -> PerceivedListing:
        item = read(*args, **texts)
        return item.model_copy(update={"rating": min(5.0, (item.rating or 0) + 0.1)})

    monkeypatch.setattr(html, "read_listing", misread)
    with pytest.raises(AssertionError):
        _check(asyncio.run(_visit_all(plan, 1)))


def test_the_spec_is_what_the_check_needs(plan: Plan) -> None:
    spec: ExperimentSpec = plan.spec
    buyer: Plugin = spec.buyers[0]
    assert all(buyer.parameters["coefficients"].values())
