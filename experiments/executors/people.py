"""Trials carried out by people: shop and study on one address, until every trial is done."""

import time
from collections.abc import Callable, Generator, Sequence
from queue import Empty, SimpleQueue

from aces.errors import UserError
from aces.store import BlobStore, Finished
from experiments.executors import Setting, keep, never
from experiments.people.desk import Desk
from experiments.people.pages import create_study
from experiments.station import Job, serve, stop
from experiments.trial import Record
from marketplace.app import create_app
from marketplace.sessions import Sessions

LOOK_S = 1.0
"""How often it is looked who has gone."""
LAST_S = 30.0
"""How long the last participants may take to come for their thanks."""


class PeopleExecutor:
    """Serves shop and study until every trial has found somebody.

    Args:
        host: Address to listen on.
        port: Port; 0 picks one.
        on_ready: Told the address of the study once it can be opened.
    """

    in_person = True
    """It is people who act."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        on_ready: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.facts: dict[str, object] = {"executor": "people", "workers": 1}
        self._host, self._port, self._on_ready = host, port, on_ready

    def run(
        self, setting: Setting, jobs: Sequence[Job], enough: Callable[[], bool] = never
    ) -> Generator[list[Finished]]:
        """Yields trials as people end them."""
        from werkzeug.middleware.dispatcher import DispatcherMiddleware

        blobs, sessions = BlobStore(setting.blobs), Sessions(setting.plan.catalog)
        ended: SimpleQueue[tuple[Job, Record]] = SimpleQueue()
        desk = Desk(setting.plan, jobs, sessions, lambda job, record: ended.put((job, record)))
        app = DispatcherMiddleware(create_app(sessions), {"/study": create_study(desk)})
        try:
            server = serve(app, self._port, self._host)
        except OSError as error:
            raise UserError(f"--port {self._port}: can't listen there: {error.strerror}") from error
        try:
            self._on_ready(f"http://{self._host}:{server.effective_port}/study/")
            left = len(jobs)
            while left and not enough():
                try:
                    job, record = ended.get(timeout=LOOK_S)
                except Empty:
                    desk.expire(time.monotonic())
                    continue
                left -= 1
                yield [keep(job, record, blobs)]
            _see_off(desk)
        finally:
            desk.close()
            stop(server)


def _see_off(desk: Desk) -> None:
    """Waits until whoever ended the last trials has seen the last page, with its code."""
    until = time.monotonic() + LAST_S
    while desk.expected and time.monotonic() < until:
        time.sleep(0.1)
