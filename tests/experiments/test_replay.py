"""What a run holds is enough to render every page again, byte for byte."""

import asyncio
import json

import pytest

from aces.store import RunStore
from agents.browser import find_chromium
from experiments.replay import stored_job, stored_pages, stored_plan, verify

BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium; see `aces doctor`"),
]


def rendered_again(folder, number):
    with RunStore.open(folder / "run") as store:
        return asyncio.run(verify(store, number))


def test_an_api_s_answers_come_again(go, folder):
    go(settings=["worlds_per_task=4"])
    replays = rendered_again(folder, 12)
    assert len(replays) == 12
    assert all(replay.steps for replay in replays)
    assert [replay for replay in replays if replay.differing] == []


@pytest.mark.parametrize(
    "interface", [pytest.param(name, marks=BROWSER) for name in ("screenshot", "html", "aria")]
)
def test_pages_and_pixels_come_again(go, folder, interface):
    go(settings=[f"interface={interface}", "worlds_per_task=2", "shelf.rest=catalog"])
    replays = rendered_again(folder, 6)
    assert len(replays) == 6
    assert [replay for replay in replays if replay.differing] == []


def test_a_world_that_was_tampered_with_is_found_out(go, folder):
    go(settings=["worlds_per_task=2"])
    with RunStore.open(folder / "run") as store, store.transaction() as db:
        for world, text in db.execute("SELECT world_id, levels FROM worlds").fetchall():
            levels = json.loads(text)
            levels["price_cents"][0] += 1
            db.execute(
                "UPDATE worlds SET levels = ? WHERE world_id = ?", (json.dumps(levels), world)
            )
    replays = rendered_again(folder, 8)
    assert all((replay.differing, replay.what) == (1, "text") for replay in replays)


def test_the_stored_plan_is_the_plan(go, folder, planned):
    go()
    with RunStore.open(folder / "run") as store:
        again = stored_plan(store)
        trial_id = store.db.execute("SELECT trial_id FROM latest").fetchone()[0]
        job, pages = stored_job(store, trial_id), stored_pages(store, trial_id)
    plan = planned()
    assert again.catalog.digest == plan.catalog.digest
    assert again.spec.digest == plan.spec.digest
    assert again.declarations == plan.declarations
    drawn = plan.assignment(job.assignment.task_id, job.assignment.k)
    assert again.world(job.assignment) == plan.world(drawn)
    assert [page.step for page in pages] == list(range(1, len(pages) + 1))
