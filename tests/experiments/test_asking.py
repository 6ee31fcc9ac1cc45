"""Runs whose buyers ask a served model: what is stored, reached, spent, and told again."""

import asyncio
import json
import sys
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from aces import cli
from aces.errors import SpecError, StoreError, UserError
from aces.llm.records import Abilities, Connection, Endpoint
from aces.store import RunStore
from aces.testing.model_server import ModelServer, says, status
from experiments.again import ask_again
from experiments.executors import Setting
from experiments.executors.local import LocalExecutor
from experiments.replay import verify
from experiments.run import Answering

ASKING = '''
"""Buyers that ask which to take, by its number on the shelf."""
from aces.errors import TrialError
from aces.llm.records import Message, Picture, Request
from aces.types import AddToCart, Back, Stop
from agents.served import ServedBuyer, ServedSession

PIXELS = b"the bytes of a picture"


class Session(ServedSession):
    async def act(self, observation):
        text = f"{self.task.persona}|{self.task.prompt}|" + "".join(
            f"{n} {item.title}, {item.price_cents}; "
            for n, item in enumerate(observation.listings, start=1)
        )
        request = Request(
            model=self.buyer.config.model,
            messages=(Message(role="user", parts=(text, Picture(data=PIXELS))),),
            sampling=self.buyer.config.sampling,
        )
        exchange = await self.ask(request, step=observation.step, purpose="act")
        word = exchange.reply.text
        if word == "later":
            return Back()
        if word == "none":
            return Stop(reason="nothing suits")
        if not word.isdecimal():
            self.spoil("unparseable", f"no number: {word!r}")
            raise TrialError("unparseable", f"no number: {word!r}")
        taken = observation.listings[int(word) - 1]
        self.reported = {"title": taken.title, "price": "$1"}
        self.probability = {item.product_id: 1 / 6 for item in observation.listings}
        return AddToCart(product_id=taken.product_id)


class AskingBuyer(ServedBuyer):
    def start(self, task, stream):
        return Session(self, task, stream)
'''
FEW = "worlds_per_task=2"


@contextmanager
def model(*words, **options):
    """A server whose model says these words in turn, by the number of requests so far."""

    def answer(body):
        word = words[(len(server.requests) - 1) % len(words)]
        return word if not isinstance(word, str) else says(word, thinking="hm")

    with ModelServer(answer, models=["shopper"], **options) as server:
        yield server


@pytest.fixture
def asking(buyers, folder):
    """A replacement that puts buyers with a model in the place of all others."""
    (folder / "asking.py").write_text(ASKING)

    def asking(*entries):
        head = "use: 'asking:AskingBuyer', model: shopper, patience_s: 0"
        return buyers("".join(f"  - {{{head}, {entry}}}\n" for entry in entries))

    return asking


def rows(folder, query):
    with RunStore.open(folder / "run") as store:
        return store.db.execute(query).fetchall()


# -- what is stored -------------------------------------------------------------------------


def test_what_was_said_to_a_model_is_stored_with_its_trial(go, asking, folder):
    prices = "prices: {input: 1000000, output: 10}"
    with model("2") as server:
        result = go(asking(f"name: a, base_url: '{server.url}', {prices}"), settings=[FEW])
    assert result.progress.by_status == {"chosen": 4}
    found = rows(
        folder,
        "SELECT seq, step, purpose, error, cause, image_tokens, from_cache, request, reply, "
        "prompt_tokens, completion_tokens, cost FROM exchanges",
    )
    assert len(found) == 4
    with RunStore.open(folder / "run") as store:
        for *facts, name, reply, prompt, answer, cost in found:
            assert facts == [0, 1, "act", "", "", 85, 0]
            assert json.loads(reply)["text"] == "2"
            assert json.loads(reply)["thinking"] == "hm"
            assert cost == pytest.approx(prompt + answer * 1e-5)
            text, picture = json.loads(store.blobs.get(name))["messages"][0]["parts"]
            assert text.startswith("|shopper|1 ")
            assert store.blobs.get(picture["blob"]) == b"the bytes of a picture"
        assert store.spent().cost == pytest.approx(sum(row[-1] for row in found))
        connection = store.meta("connections")["a"]
        assert connection["endpoint"]["base_url"] == server.url
        assert connection["speech"] == "tools"
        assert connection["abilities"]["logprobs"] > 0
        assert list(store.meta("prompt_hashes")["a"]) == ["shopper"]
    reported = rows(folder, "SELECT reported, probability FROM outcomes")
    assert all(json.loads(told)["price"] == "$1" for told, _ in reported)
    assert all(len(json.loads(probability)) == 6 for _, probability in reported)
    manifest = json.loads((folder / "run" / "manifest.json").read_text())
    assert manifest["prompts"]["a"]
    assert manifest["connections"]["a"]["abilities"]["images"] is True
    assert manifest["sessions"][0]["served"]["a"]["version"] == "stand-in"


@pytest.mark.parametrize(
    ("words", "status_", "cause", "exchanges", "last"),
    [
        (["later", "the blue one"], "failed", "unparseable", 2, "unparseable"),
        (["later", status(400, "no")], "failed", "server", 2, "server"),
        (["none"], "abstained", "", 1, ""),
    ],
)
def test_failed_trials_keep_what_was_said_and_seen(
    go, asking, folder, words, status_, cause, exchanges, last
):
    with model(*words) as server:
        entry = asking(f"name: a, base_url: '{server.url}'")
        go(entry, settings=["worlds_per_task=1", "tasks=[{id: s, category: stapler}]"])
    assert rows(folder, "SELECT status, cause FROM outcomes") == [(status_, cause)]
    kept = rows(folder, "SELECT step, cause, error FROM exchanges ORDER BY seq")
    assert len(kept) == exchanges
    assert kept[-1][1] == last
    steps = rows(folder, "SELECT step, action, error FROM steps ORDER BY step")
    assert len(steps) == exchanges
    if cause:
        step, action, error = steps[-1]
        assert (step, action) == (2, "{}")
        assert error.startswith("TrialError: ")


def test_personas_and_prompts_are_arms(planned, asking):
    plan = planned(
        asking(
            "name: crossed, base_url: x, persona: {rich: You are rich., poor: You are not.}",
            "name: drawn, base_url: x, persona: {draw: {rich: Rich., poor: Poor.}}",
            "name: also, base_url: x, persona: {draw: {rich: Wealthy., poor: Broke.}}",
        ),
        worlds_per_task=20,
    )
    cells = [("watch", k) for k in range(20)]
    trials = list(plan.trials(plan.draw_cells(cells), 0, 0))
    assert len({trial.id for trial in trials}) == len(trials) == 20 * 4
    assert {trial.prompt for trial in trials} == {"shopper"}
    by = {name: [t for t in trials if t.buyer == name] for name in ("crossed", "drawn", "also")}
    assert [t.persona for t in by["crossed"]] == ["rich", "poor"] * 20
    who = [t.persona for t in by["drawn"]]
    assert who == [t.persona for t in by["also"]]
    assert 4 <= who.count("rich") <= 16


# -- reaching servers -----------------------------------------------------------------------


def test_a_server_that_refuses_ends_the_run_before_the_first_trial(go, asking, folder):
    with pytest.raises(UserError, match="nobody answers there"):
        go(asking("name: a, base_url: 'http://127.0.0.1:9/v1'"))
    assert rows(folder, "SELECT count(*) FROM outcomes") == [(0,)]


def test_the_speech_of_a_run_stays(go, asking, folder):
    def entry(server):
        return asking(f"name: a, base_url: '{server.url}'")

    with model("1", lacks=["tools"]) as server:
        go(entry(server), settings=["worlds_per_task=1"])
    with model("1") as server:
        go(entry(server), settings=["worlds_per_task=2"])
    with RunStore.open(folder / "run") as store:
        assert store.meta("connections")["a"]["speech"] == "schema"
    with (
        model("1", lacks=["tools", "json_schema"]) as server,
        pytest.raises(StoreError, match="buyer 'a' has talked to its model by schema"),
    ):
        go(entry(server), settings=["worlds_per_task=3"])


def test_servers_are_started_one_after_another(go, asking, folder, monkeypatch):
    events = []

    class Server:
        plan = None

        def __init__(self, serving, log):
            self.serving, self.url, self.running = serving, server.url, False
            self.port = urlsplit(server.url).port

        def start(self):
            events.append(f"start {self.serving.model}")
            self.running = True

        def stop(self):
            if self.running:
                events.append(f"stop {self.serving.model}")
            self.running = False

        def ended(self):
            return None

    monkeypatch.setattr("aces.serve.server.Server", Server)
    with model("1") as server:
        result = go(
            asking(
                "name: a, serve: vllm",
                "name: b, serve: transformers",
                "name: c, serve: vllm",
                f"name: d, base_url: '{server.url}'",
            ),
            settings=["worlds_per_task=1"],
        )
    assert result.progress.by_status == {"chosen": 8}
    assert events == ["start shopper", "stop shopper"] * 2
    buyers = rows(folder, "SELECT buyer FROM trials JOIN outcomes USING (trial_id)")
    assert len(buyers) == 8


def test_a_server_that_can_not_be_started_is_found_before_the_first_trial(
    go, asking, folder, monkeypatch
):
    def nothing(engine):
        raise UserError(f"no {engine} on this machine")

    monkeypatch.setattr("aces.serve.server.find", nothing)
    with pytest.raises(UserError, match="no vllm on this machine"):
        go(asking("name: a, serve: vllm"))
    assert rows(folder, "SELECT count(*) FROM outcomes") == [(0,)]


def test_another_version_of_a_server_is_told(go, asking):
    with model("1") as server:
        entry = asking(f"name: a, base_url: '{server.url}'")
        go(entry, settings=["worlds_per_task=1"])
        server.models = ("shopper-2",)
        result = go(entry, settings=["worlds_per_task=2"])
    assert "a's model, id: shopper before, shopper-2 now" in result.warnings


# -- what it costs --------------------------------------------------------------------------


@pytest.mark.parametrize("executor", [None, LocalExecutor(2, 2)])
def test_a_budget_stops_a_run_which_goes_on_with_a_larger_one(go, asking, folder, executor):
    with model("1") as server:
        entry = asking(f"name: a, base_url: '{server.url}', prices: {{request: 1}}")
        worlds = "worlds_per_task=10"
        result = go(entry, settings=[worlds, "budget={cost: 5}"], executor=executor)
        assert result.budget_reached
        under_way = 1 if executor is None else 4
        assert 5 <= result.progress.done < 5 + under_way
        assert result.progress.spent.cost == result.progress.done
        assert len(server.requests) == result.progress.done
        again = go(entry, settings=[worlds, "budget={cost: 5}"])
        assert (again.budget_reached, again.progress.done) == (True, result.progress.done)
        more = go(entry, settings=[worlds, "budget={cost: 100}"])
        assert (more.budget_reached, more.progress.done) == (False, 20)


def test_prices_are_in_one_currency(go, asking):
    one, other = (f"prices: {{currency: {c}, request: 1}}" for c in ("USD", "EUR"))
    with pytest.raises(SpecError, match="prices are in EUR and USD"):
        go(asking(f"name: a, base_url: x, {one}", f"name: b, base_url: x, {other}"))


# -- told again -----------------------------------------------------------------------------


def test_a_stored_run_is_told_again_without_a_server(go, asking, folder, outcomes):
    with model("1", "2", "none", "later", "3") as server:
        entry = asking(f"name: a, base_url: '{server.url}'")
        go(entry, settings=[FEW])
    answering = Answering(replay=folder / "run")
    go(entry, settings=[FEW], out="again", answering=answering, executor=LocalExecutor(1))
    assert outcomes(folder / "again") == outcomes(folder / "run")
    with RunStore.open(folder / "again") as store:
        assert store.spent().tokens == 0
        assert store.db.execute("SELECT DISTINCT from_cache FROM exchanges").fetchall() == [(1,)]
    beyond = go(entry, settings=["worlds_per_task=3"], out="again", answering=answering)
    assert beyond.progress.by_cause == {"server": 2}
    detail = "SELECT detail FROM outcomes WHERE status = 'failed'"
    with RunStore.open(folder / "again") as store:
        assert "no answer is stored" in store.db.execute(detail).fetchone()[0]


def test_answers_that_were_stored_are_used_again(go, asking, folder, outcomes):
    with model("1", "2", "3") as server:
        entry = asking(f"name: a, base_url: '{server.url}', cache: true")
        cache = Answering(cache=folder / "answers.sqlite")
        go(entry, settings=[FEW], answering=cache)
        asked = len(server.requests)
        go(entry, settings=[FEW], out="second", answering=cache)
        assert len(server.requests) == asked
    assert outcomes(folder / "second") == outcomes(folder / "run")


# -- seen again -----------------------------------------------------------------------------


def test_steps_without_an_action_are_rendered_again(go, asking, folder):
    with model("later", "the blue one") as server:
        go(asking(f"name: a, base_url: '{server.url}'"), settings=["worlds_per_task=1"])
    with RunStore.open(folder / "run") as store:
        replays = asyncio.run(verify(store, 5))
    assert [(replay.steps, replay.differing) for replay in replays] == [(2, 0)] * 2


def test_models_are_asked_again_and_what_differs_is_counted(go, asking, folder):
    with model("1") as server:
        entry = asking(f"name: a, base_url: '{server.url}', cache: true")
        go(entry, settings=[FEW])
        before = rows(folder, "SELECT * FROM outcomes")
        with RunStore.open(folder / "run") as store:
            asked = ask_again(store, 3, lambda text: None)
            assert [repeat.same for repeat in asked.repeats] == [True] * 3
            server.answer = lambda body: says("none")
            other = ask_again(store, 3, lambda text: None)
    assert [repeat.now for repeat in other.repeats] == [("abstained", "", "")] * 3
    assert not any(repeat.same for repeat in other.repeats)
    assert len(server.requests) == 4 + 3 + 3
    assert rows(folder, "SELECT * FROM outcomes") == before


# -- on the command line --------------------------------------------------------------------


@pytest.fixture
def typed(folder, monkeypatch, capsys):
    """Runs a command in this process; returns exit status, output and errors."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "path", list(sys.path))

    def typed(*words):
        monkeypatch.setattr(sys, "argv", ["aces", *words])
        status_ = 0
        try:
            cli.main()
        except SystemExit as end:
            status_ = int(end.code or 0)
        return status_, *(" ".join(text.split()) for text in capsys.readouterr())

    return typed


@pytest.fixture
def mixed(write, asking):
    """Writes an experiment with a priced buyer that asks a server, and one without a model."""

    def mixed(server):
        old, new = asking(f"name: a, base_url: '{server.url}', prices: {{request: 1}}")
        return str(write((old, f"{new}  - {{use: first}}\n"), ("task: 3", "task: 2")))

    return mixed


def test_trying_prints_what_is_said(typed, mixed):
    with model("1") as server:
        status_, out, err = typed("try", mixed(server))
    assert status_ == 0, err
    for text in ("user: |shopper|1 ", "[picture, 0 KiB image/png]", "thought: hm", "said: 1"):
        assert text in out
    assert len(server.requests) == 1


def test_a_budget_ends_with_1_and_says_what_to_do(typed, mixed, folder):
    words = ["--out", "run", "--executor", "inline", "--set"]
    with model("1") as server:
        status_, out, err = typed("run", mixed(server), *words, "budget.cost=2")
        assert status_ == 1, err
        assert "the budget is used up (a cost of 2)" in out
        assert "2 of 8 planned trials are not run" in out
        status_, out, err = typed("run", mixed(server), *words, "budget.cost=20", "--verify", "8")
        assert status_ == 0, out + err
        assert "rendered 8 trials again: 8 pages, 0 trials differ" in out
        assert "asked 4 trials' models again: 4 of 4 came out the same" in out
    out = typed("status", "run")[1]
    assert "Time and money" in out
    assert "4.0000 USD" in out
    trial = rows(folder, "SELECT min(trial_id) FROM exchanges")[0][0]
    out = typed("show", "run", trial)[1]
    for text in ("user: |shopper|1 ", "[picture ", ".png]", "thought: hm", "said: 1", "cost 1.0"):
        assert text in out


def test_a_server_that_is_not_there_is_one_message(typed, mixed):
    with model("1") as server:
        path = mixed(server)
    status_, out, err = typed("run", path, "--out", "run")
    assert status_ == 2
    assert "nobody answers there" in err
    assert "Traceback" not in out + err


def test_models_that_are_gone_are_not_asked_again(typed, mixed):
    with model("1") as server:
        typed("run", mixed(server), "--out", "run", "--executor", "inline")
    status_, out, _ = typed("run", mixed(server), "--out", "run", "--verify", "8")
    assert status_ == 0
    assert "models were not asked again: " in out
    assert "nobody answers there" in out


def test_what_a_server_allows_is_divided_among_processes_and_those_that_ask_it(folder):
    def reached(model, url):
        endpoint = Endpoint(model=model, base_url=url, requests_per_minute=60)
        return Connection(endpoint=endpoint, abilities=Abilities(), speech="text")

    there = {
        "one": reached("a", "http://here/v1"),
        "same": reached("a", "http://here/v1"),
        "other model": reached("b", "http://here/v1"),
        "other place": reached("a", "http://there/v1"),
    }
    setting = Setting(plan=None, blobs=folder, interfaces=frozenset(), connections=there)
    parts = {name: each.share for name, each in setting.shared_by(2).connections.items()}
    assert parts == {"one": 0.25, "same": 0.25, "other model": 0.5, "other place": 0.5}
