"""What a run records when the model server, or the model itself, misbehaves.

Every case is a task of one run, so that good and bad trials are under way side by side.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from aces.catalog import Catalog
from aces.cli.console import read_experiment
from aces.store import RunStore
from aces.testing.model_server import Answer, ModelServer, calls, says, status
from experiments.executors.local import LocalExecutor
from experiments.run import FailureLimit, RunResult, run

WORLDS = 2
LATE_S = 4.0
"""Deadline for a whole answer, long enough for a busy machine."""

Body = Mapping[str, Any]
Title = str
Act = Callable[[Title], Answer]


@dataclass(frozen=True)
class Case:
    """What the server does in one trial, and what is to be recorded of it."""

    first: Act
    """Its answer, given the title of a product on the page."""
    then: Act | None = None
    """Its answer when it is asked once more; not given: the same again."""
    status: str = "failed"
    cause: str = ""
    waits: frozenset[str] = frozenset()
    exchanges: int = 1
    causes: tuple[str, ...] = ()
    """Of the exchanges that brought nothing; not given: the trial's own, for each."""
    text: str | None = None
    """That must be kept, of the last reply."""
    words: str = ""
    """That must be found in the error of the last exchange."""


def buy(title: Title) -> Answer:
    return calls("add_to_cart", title=title, price="$5", rating="4.5", reason="It suits.")


def always(answer: Answer) -> Act:
    return lambda title: answer


def mended(first: Answer, reason: str) -> Case:
    """Trouble that passes: the trial goes on as if nothing had been."""
    return Case(always(first), buy, status="chosen", waits=frozenset({reason}))


def endless(answer: Answer, reason: str, words: str) -> Case:
    """Trouble that does not pass."""
    return Case(always(answer), cause="server", waits=frozenset({reason}), words=words)


def useless(answer: Answer, text: str, words: str) -> Case:
    """An answer that can't be used, and no better one on being told so."""
    return Case(always(answer), cause="unparseable", exchanges=2, text=text, words=words)


HUGE = "x" * 3_000_000
CASES: dict[str, Case] = {
    "good": Case(buy, status="chosen"),
    "fine": Case(buy, status="chosen"),
    "leave": Case(always(calls("leave", reason="All are too dear.")), status="abstained"),
    "chinese": Case(
        lambda title: calls("add_to_cart", title=title, reason="因为它最便宜"), status="chosen"
    ),
    "r429after": mended(status(429, retry_after=0.3), "429"),
    "r429": mended(status(429), "429"),
    "r500": mended(status(500), "500"),
    "r503": mended(status(503, "The server is overloaded"), "503"),
    "rtimeout": mended(says("late", delay_s=LATE_S + 5), "timeout"),
    "rdrop": mended(Answer(drop=True), "connection"),
    "rcut": mended(says("half of it", drop_after=30), "connection"),
    "rdrip": mended(says("slow", drip_s=0.2), "timeout"),
    "rbody": mended(Answer(raw=b'{"choices": [{"mess'), "malformed"),
    "e429": endless(status(429, "slow down"), "429", "slow down"),
    "e500": endless(status(500, "it broke"), "500", "it broke"),
    "etimeout": endless(says("late", delay_s=LATE_S + 5), "timeout", "no whole answer"),
    "edrop": endless(Answer(drop=True), "connection", "disconnected"),
    "edrip": endless(says("slow", drip_s=0.2), "timeout", "no whole answer"),
    "ebody": endless(Answer(raw=b'{"choices": [{"mess'), "malformed", '[{"mess'),
    "bad": Case(always(status(400, "no such field")), cause="server", words="no such field"),
    "context": Case(
        always(status(400, "This model's maximum context length is 1024 tokens")),
        cause="context",
        words="1024 tokens",
    ),
    "empty": useless(says(""), "", "empty"),
    "once": Case(always(says("")), buy, status="chosen", exchanges=2, causes=("unparseable",)),
    "json": useless(Answer(calls=(("add_to_cart", '{"title": "Ste'),)), "", "not JSON"),
    "tool": useless(calls("remove_from_cart", title="x"), "", "remove_from_cart"),
    "two": useless(
        Answer(calls=(("leave", {"reason": "a"}), ("add_to_cart", {"title": "b"}))), "", "found 2"
    ),
    "prose": useless(
        says("I would take the second one."), "I would take the second one.", "no action"
    ),
    "other": useless(calls("add_to_cart", title="Golden Sceptre"), "", "Golden Sceptre"),
    "french": useless(
        says("Je prendrais volontiers la deuxième."), "Je prendrais volontiers la deuxième.", ""
    ),
    "huge": useless(says(HUGE), HUGE[:200_000], ""),
    "refusal": Case(
        always(says("I'm sorry, but I can't help with that purchase.")),
        cause="refusal",
        text="I'm sorry, but I can't help with that purchase.",
    ),
    "refused": Case(always(Answer(refusal="Against the rules.")), cause="refusal", text=""),
    "filter": Case(
        always(status(400, "The response was filtered: content_filter")), cause="refusal", text=""
    ),
}


def named(messages: list[Body]) -> str:
    """The case that a conversation's errand names."""
    found = set(re.findall(r"\bcase (\w+)", json.dumps(messages)))
    assert len(found) == 1, found
    return found.pop()


@dataclass
class Model:
    """Answers by the case that is named in the errand, and by how often it was asked."""

    titles: tuple[str, ...]
    asked: Counter[tuple[str, int]] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, body: Body) -> Answer:
        name = named(body["messages"])
        again = any(message["role"] == "assistant" for message in body["messages"])
        with self.lock:
            self.asked[name, body["seed"]] += 1
            again = again or self.asked[name, body["seed"]] > 1
        case = CASES[name]
        # another one for every trial, so that an answer in the wrong hands shows
        title = self.titles[body["seed"] % len(self.titles)]
        return (case.then if again and case.then else case.first)(title)


def experiment(url: str, names: list[str], interface: str, category: str, size: int) -> str:
    tasks = "".join(
        f"  - {{id: '{name}', category: {category}, query: 'case {name}'}}\n" for name in names
    )
    return f"""\
name: misbehaving
seed: 5
tasks:
{tasks}shelf: {{size: {size}, columns: 4}}
treatments:
  - {{use: position}}
  - {{use: price, sigma: 0.3}}
buyers:
  - {{use: vlm, name: vlm, model: stand-in, base_url: '{url}', timeout_s: {LATE_S}, patience_s: 9,
     prices: {{request: 1}}}}
interface: {interface}
worlds_per_task: {WORLDS}
"""


def play(
    folder: Path, demo: Catalog, names: list[str], interface: str, executor: LocalExecutor
) -> RunResult:
    products = [p for p in demo.products.values() if p.category == "stapler"]
    titles = tuple(demo.listings[p.id].title for p in products)
    with ModelServer(Model(titles)) as server:
        path = folder / "misbehaving.yaml"
        path.write_text(experiment(server.url, names, interface, "stapler", len(products)))
        spec = read_experiment(path, [])
        return run(spec, demo, folder / "run", executor, limit=FailureLimit(1000))


@dataclass
class Found:
    """A trial as stored."""

    task: str
    status: str
    cause: str
    product: str | None
    detail: str
    exchanges: list[dict[str, Any]]


def stored(folder: Path) -> list[Found]:
    with RunStore.open(folder / "run") as store:
        columns = "seq, purpose, request, reply, error, cause, waits, seconds, waited_s, cost"
        trials = store.db.execute(
            "SELECT latest.trial_id, task_id, status, cause, product_id, detail FROM latest "
            "JOIN trials USING (trial_id) JOIN worlds USING (world_id) ORDER BY plan_index"
        ).fetchall()
        found = []
        for trial_id, *rest in trials:
            rows = store.db.execute(
                f"SELECT {columns} FROM exchanges WHERE trial_id = ? ORDER BY seq", (trial_id,)
            )
            exchanges = [dict(zip(columns.split(", "), row, strict=True)) for row in rows]
            for each in exchanges:
                each["request"] = json.loads(store.blobs.get(each["request"]))
                each["reply"] = json.loads(each["reply"]) if each["reply"] else None
                each["waits"] = json.loads(each["waits"])
            found.append(Found(*rest, exchanges))
        return found


@pytest.fixture(scope="module")
def battery(tmp_path_factory: pytest.TempPathFactory, demo: Catalog) -> dict[str, list[Found]]:
    """All cases in one run, all under way at once."""
    folder = tmp_path_factory.mktemp("battery")
    result = play(folder, demo, list(CASES), "json", LocalExecutor(2, 40))
    assert result.progress.done == len(CASES) * WORLDS, "nothing is lost"
    found: dict[str, list[Found]] = {}
    for trial in stored(folder):
        found.setdefault(trial.task, []).append(trial)
    return found


@pytest.mark.parametrize("name", CASES)
def test_what_is_recorded(battery: dict[str, list[Found]], name: str):
    case = CASES[name]
    assert len(battery[name]) == WORLDS
    for trial in battery[name]:
        assert (trial.status, trial.cause) == (case.status, case.cause), trial.detail
        assert len(trial.exchanges) == case.exchanges
        check_exchanges(case, trial.exchanges)


def check_exchanges(case: Case, exchanges: list[dict[str, Any]]) -> None:
    """What was said, why it could not be used, and what was waited for."""
    bad = tuple(each["cause"] for each in exchanges if each["cause"])
    assert bad == (case.causes or (case.cause,) * len(exchanges if case.cause else ()))
    waits = [wait for each in exchanges for wait in each["waits"]]
    assert {wait["reason"] for wait in waits} == case.waits
    assert sum(w["seconds"] for w in waits) == pytest.approx(
        sum(each["waited_s"] for each in exchanges)
    )
    last = exchanges[-1]
    assert case.words in last["error"]
    assert [each["purpose"] for each in exchanges] == ["act", "repair"][: len(exchanges)]
    if case.text is not None:
        assert last["reply"]["text"] == case.text
    if case.cause in ("server", "context"):
        assert last["reply"] is None
        assert last["cost"] == 0


def test_nothing_is_misattributed(battery: dict[str, list[Found]], demo: Catalog):
    bought = 0
    for name, trials in battery.items():
        for trial in trials:
            for each in trial.exchanges:
                assert named(each["request"]["messages"]) == name
            if trial.status == "chosen":
                call = trial.exchanges[-1]["reply"]["calls"][0]
                title = json.loads(call["arguments"])["title"]
                assert demo.listings[trial.product].title == title
                bought += 1
    assert bought == WORLDS * sum(case.status == "chosen" for case in CASES.values())
    assert len({t.product for trials in battery.values() for t in trials if t.product}) > 3


def test_no_failure_is_a_purchase(battery: dict[str, list[Found]]):
    for trials in battery.values():
        for trial in trials:
            assert (trial.product is not None) == (trial.status == "chosen")


@pytest.mark.browser
def test_the_same_through_a_browser(tmp_path: Path, demo: Catalog):
    names = ["good", "r429", "rdrop", "e500", "empty", "once", "refusal", "two", "leave"]
    play(tmp_path, demo, names, "screenshot", LocalExecutor(1, 4))
    trials = stored(tmp_path)
    assert len(trials) == len(names) * WORLDS
    for trial in trials:
        case = CASES[trial.task]
        assert (trial.status, trial.cause) == (case.status, case.cause), trial.detail
        check_exchanges(case, trial.exchanges)
        assert "image/png" in json.dumps(trial.exchanges[0]["request"])
