"""The served models of a run: started where that is asked for, probed, and reached by buyers."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from aces.errors import SpecError, StoreError, UserError
from aces.llm.records import (
    Abilities,
    Connection,
    Endpoint,
    ModelBuyer,
    Reply,
    Request,
    Serving,
    Speech,
)
from aces.store import RunStore
from experiments.plan import Plan
from experiments.station import Job

if TYPE_CHECKING:
    from aces.serve.keeper import Keeper, Restart
    from aces.serve.server import Server

Say = Callable[[str], None]


class Line(Protocol):
    """The way of a run's buyers to their models."""

    buyers: Mapping[str, ModelBuyer]
    """Those that have one, by name."""

    def in_turn(self, jobs: Sequence[Job]) -> list[list[Job]]:
        """Returns the jobs in groups that can be run together, plan order kept within each."""
        ...

    def check(self, names: Iterable[str]) -> None:
        """Finds what can be found wrong with servers to be started, before the first trial."""
        ...

    def reach(self, names: Iterable[str]) -> dict[str, Connection]:
        """Returns a connection for each of these buyers that needs one."""
        ...

    @property
    def restarts(self) -> Sequence["Restart"]:
        """Returns which servers had to be started again so far."""
        ...

    def close(self) -> None:
        """Lets go of whatever was started."""
        ...


def model_buyers(plan: Plan) -> dict[str, ModelBuyer]:
    """Returns the buyers that need a served model, by name."""
    return {name: b for name, b in plan.buyers().items() if isinstance(b, ModelBuyer)}


def currency(buyers: Iterable[ModelBuyer]) -> str:
    """Returns the currency of all prices; empty where nothing has a price.

    Raises:
        SpecError: If there are several, whose sums would mean nothing.
    """
    prices = [buyer.endpoint.prices for buyer in buyers]
    found = {p.currency for p in prices if p.input or p.output or p.request}
    if len(found) > 1:
        raise SpecError(
            f"buyers: prices are in {' and '.join(sorted(found))}; give all in one currency"
        )
    return "".join(found)


class ServedLine:
    """Speaks to servers: those that listen somewhere, and those started here for the run.

    Args:
        plan: Of the experiment.
        known: Connections of an earlier session, whose speech is kept.
        cache: File of answers, for buyers that want them stored.
        logs: Folder for the logs of servers started here.
        say: Told what is waited for.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        known: Mapping[str, Connection] | None = None,
        cache: Path | None = None,
        logs: Path,
        say: Say = lambda text: None,
    ) -> None:
        self.buyers: Mapping[str, ModelBuyer] = model_buyers(plan)
        self._known = known or {}
        self._cache = cache
        self._logs = logs
        self._say = say
        self._made: dict[str, Connection] = {}
        self._probed: dict[tuple[str, str], Abilities] = {}
        self._running: Keeper | None = None
        self._restarts: list[Restart] = []
        self._stack = ExitStack()

    def in_turn(self, jobs: Sequence[Job]) -> list[list[Job]]:
        """Returns buyers without a model first, then those with an address, then by server."""
        return grouped(jobs, self._turn)

    def _turn(self, name: str) -> tuple[int, str]:
        buyer = self.buyers.get(name)
        if buyer is None:
            return 0, ""
        serving = buyer.serving
        return (1, "") if serving is None else (2, serving.model_dump_json())

    def check(self, names: Iterable[str]) -> None:
        """Finds out whether this machine has what it takes to start these buyers' servers.

        Raises:
            UserError: If it has not.
        """
        for name in dict.fromkeys(names):
            serving = self.buyers[name].serving if name in self.buyers else None
            if serving is not None:
                _ = self._server(serving).plan  # which names the environment it would start in

    def reach(self, names: Iterable[str]) -> dict[str, Connection]:
        """Returns connections, with servers started and probed where that was not done before.

        Buyers that are reached together share one server, or have one elsewhere.

        Raises:
            UserError: If a server can't be reached, or can't do what its buyer needs.
            ServerEndedError: If one that was started here keeps ending.
            StoreError: If a buyer can't go on as it began.
        """
        wanted = {name: self.buyers[name] for name in dict.fromkeys(names) if name in self.buyers}
        found = {}
        for name, buyer in wanted.items():
            url = self._serve(buyer.serving) if buyer.serving else buyer.endpoint.base_url
            made = self._made.get(name)
            if made is None or made.endpoint.base_url != url:
                made = self._connection(name, buyer, url)
            found[name] = self._made[name] = made
        return found

    def _serve(self, serving: Serving) -> str:
        """The address of a server for it: the one that runs, or a new one in its place."""
        keeper = self._running
        if keeper is None or keeper.server.serving != serving:
            self.close()
            self._say(f"starting {serving.engine} with {serving.model}; this may take minutes")
            keeper = self._running = self._stack.enter_context(self._keeper(serving))
            self._say(f"{serving.model} is served at {keeper.server.url}")
        return keeper.server.url

    def _keeper(self, serving: Serving) -> "Keeper":
        from aces.serve.keeper import Keeper

        folder = self._stack.enter_context(TemporaryDirectory(prefix="aces-keeper-"))
        return Keeper(self._server(serving), Path(folder) / "state.json", self._say)

    @property
    def restarts(self) -> Sequence["Restart"]:
        """Returns which servers had to be started again so far."""
        return [*self._restarts, *(self._running.restarts if self._running else ())]

    def _server(self, serving: Serving) -> "Server":
        from aces.serve.server import Server

        name = re.sub(r"[^\w.-]+", "-", serving.model).strip("-")
        return Server(serving, self._logs / f"server-{name}.log")

    def _connection(self, name: str, buyer: ModelBuyer, url: str) -> Connection:
        endpoint = buyer.endpoint.model_copy(update={"base_url": url})
        abilities = self._abilities(endpoint)
        return Connection(
            endpoint=endpoint,
            abilities=abilities,
            speech=_speech(name, buyer, abilities, self._known.get(name)),
            cache=str(self._cache) if self._cache and buyer.cached else "",
            upkeep=str(self._running.state) if self._running and buyer.serving else "",
        )

    def _abilities(self, endpoint: Endpoint) -> Abilities:
        """What the server can do; each is asked once."""
        key = endpoint.model, endpoint.base_url
        if key not in self._probed:
            self._say(f"asking {endpoint.base_url} what {endpoint.model} can do")
            kept = self._running
            ours = kept is not None and kept.server.url == endpoint.base_url
            self._probed[key] = _probe_kept(kept, endpoint) if kept and ours else _probe(endpoint)
        return self._probed[key]

    def close(self) -> None:
        """Stops the server that was started here, if one runs."""
        self._restarts = list(self.restarts)
        self._stack.close()
        self._running = None


def _probe(endpoint: Endpoint) -> Abilities:
    from aces.llm.probe import probe

    return asyncio.run(probe(endpoint))


def _probe_kept(keeper: "Keeper", endpoint: Endpoint) -> Abilities:
    """What our own server can do: asked once more where it ended over a question.

    Otherwise what it could not do for want of life would count as what it can't do.
    """
    while True:
        before = keeper.wait_until_up()
        found: Abilities | None = None
        trouble: UserError | None = None
        try:
            found = _probe(endpoint)
        except UserError as error:
            trouble = error
        if keeper.wait_until_up() != before:
            continue
        if trouble:
            raise trouble
        assert found is not None
        return found


def _speech(name: str, buyer: ModelBuyer, abilities: Abilities, known: Connection | None) -> Speech:
    """How a buyer talks: as it did before where it went on, or as the abilities allow."""
    settled = buyer.settle(abilities)
    if known is None or known.speech == settled:
        return settled
    able = {"tools": abilities.tools, "schema": abilities.json_schema, "text": True}
    if not able[known.speech]:
        raise StoreError(
            f"buyer '{name}' has talked to its model by {known.speech} in this run, which its "
            f"server does not do any more; serve it as before, or use another --out"
        )
    return known.speech


class StoredLine:
    """Lets answers come from a stored run; no server is started or asked.

    Args:
        plan: Of the experiment.
        source: The run whose answers are used.
        answers: File that they are copied to.

    Raises:
        StoreError: If the stored run lacks one of the buyers.
    """

    def __init__(self, plan: Plan, source: RunStore, answers: Path) -> None:
        self.buyers: Mapping[str, ModelBuyer] = model_buyers(plan)
        known = stored_connections(source)
        missing = sorted(set(self.buyers) - set(known))
        if missing:
            raise StoreError(
                f"{source.folder}: no answers for buyer '{missing[0]}' there; "
                f"it holds those of: {', '.join(sorted(known)) or 'none'}"
            )
        copy_answers(source, answers)
        self._connections = {
            name: known[name].model_copy(update={"cache": str(answers), "replay": True})
            for name in self.buyers
        }

    def in_turn(self, jobs: Sequence[Job]) -> list[list[Job]]:
        """Returns buyers without a model first, then all others."""
        return grouped(jobs, lambda name: (int(name in self.buyers), ""))

    def reach(self, names: Iterable[str]) -> dict[str, Connection]:
        """Returns the connections that were stored."""
        return {n: self._connections[n] for n in dict.fromkeys(names) if n in self._connections}

    def check(self, names: Iterable[str]) -> None:
        """Nothing is to be started."""

    @property
    def restarts(self) -> Sequence["Restart"]:
        """Returns nothing: nothing was started."""
        return ()

    def close(self) -> None:
        """Nothing was started."""


def grouped(jobs: Sequence[Job], turn: Callable[[str], tuple[int, str]]) -> list[list[Job]]:
    """Returns jobs by their buyer's turn; of equal rank, what is planned first comes first."""
    groups: dict[tuple[int, str], list[Job]] = {}
    for job in jobs:
        groups.setdefault(turn(job.trial.buyer), []).append(job)
    return [groups[key] for key in sorted(groups, key=lambda key: key[0])]


def stored_connections(store: RunStore) -> dict[str, Connection]:
    """Returns how each buyer of a run reached its model, as last stored."""
    stored = store.meta("connections") or {}
    return {name: Connection.model_validate(value) for name, value in stored.items()}


def store_connections(store: RunStore, found: Mapping[str, Connection]) -> None:
    """Stores how buyers reach their models; a connection names where a key is, never the key."""
    stored = store.meta("connections") or {}
    store.set_meta(
        "connections", stored | {name: c.model_dump(mode="json") for name, c in found.items()}
    )


def copy_answers(source: RunStore, path: Path) -> None:
    """Copies a run's answers into a file of answers; of several to one request, the last."""
    from aces.llm.answers import Answers

    # an answer is found by its key; which request it belongs to is only of use in messages, and
    # would mean to read every picture of the run
    unknown = Request(model="", messages=())
    answers = Answers(path)
    try:
        for key, reply, _ in source.db.execute(
            "SELECT key, reply, max(attempt) FROM exchanges WHERE reply IS NOT NULL GROUP BY key"
        ):
            answers.put(key, Reply.model_validate_json(reply), unknown, "")
    finally:
        answers.close()
