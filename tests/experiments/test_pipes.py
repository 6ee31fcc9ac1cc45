"""The pipe between a run and its workers: both ways at once, whatever the size of what is sent."""

import asyncio
import multiprocessing
import threading

import pytest

from experiments.executors import local

LARGE = 4 * 2**20
"""More than any pipe holds."""


@pytest.fixture
def worker(monkeypatch):
    """A worker's desk in a thread, which answers each job with something large."""

    async def run_trial(job, station):
        return job

    monkeypatch.setattr(local, "run_trial", run_trial)
    monkeypatch.setattr(local, "keep", lambda job, record, blobs: (job[:1], "x" * LARGE))
    here, there = multiprocessing.Pipe()

    def work():
        asyncio.run(local._Desk(there, None, None).serve(1))
        there.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield here
    here.close()
    thread.join(10)


def test_a_worker_takes_jobs_while_its_results_wait_to_be_read(worker):
    worker.send(["1"])
    assert worker.poll(10)  # its first result fills the pipe, and nobody reads
    sending = threading.Thread(target=worker.send, args=(["2" * LARGE, "3"],), daemon=True)
    sending.start()
    sending.join(10)
    # the run reads again only when it has handed out its jobs
    stuck = sending.is_alive()
    found = []
    while len(found) < 3 and worker.poll(10):
        done, _ = worker.recv()
        found += [name for name, _ in done]
    assert not stuck, "run and worker waited for each other"
    assert found == ["1", "2", "3"]
