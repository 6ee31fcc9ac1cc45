"""Trials side by side in one worker, as buyers that wait for a model need it."""

import pytest

from aces.catalog import load_catalog
from aces.cli.console import read_experiment
from aces.store import RunStore
from experiments.executors.local import LocalExecutor
from experiments.run import run

WAITING = '''
"""A buyer that thinks until others think beside it, or gives up waiting for them."""
import asyncio

from aces.types import Stop

thinking = 0


class WaitingBuyer:
    def start(self, task, stream):
        return self

    async def act(self, observation):
        global thinking
        thinking += 1
        most = thinking
        for _ in range(100):
            most = max(most, thinking)
            if most == 4:
                break
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)  # until the others have seen it too
        thinking -= 1
        return Stop(reason=f"{most} thought at once")

    def truth(self):
        return None
'''
EXPERIMENT = """
name: waiting
tasks: [{id: stapler, category: stapler}]
treatments: [{use: position}]
buyers: [{use: "waiting_buyer:WaitingBuyer", name: waiting}]
worlds_per_task: 8
"""


@pytest.mark.parametrize(("concurrency", "most"), [(1, 1), (4, 4)])
def test_as_many_buyers_think_at_once_as_were_asked_for(tmp_path, monkeypatch, concurrency, most):
    (tmp_path / "waiting_buyer.py").write_text(WAITING)
    (tmp_path / "waiting.yaml").write_text(EXPERIMENT)
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = read_experiment(tmp_path / "waiting.yaml")
    run(spec, load_catalog("demo"), tmp_path / "run", LocalExecutor(1, concurrency))
    with RunStore.open(tmp_path / "run") as store:
        details = [row[0] for row in store.db.execute("SELECT detail FROM outcomes")]
    assert len(details) == 8
    assert max(details) == f"{most} thought at once"
