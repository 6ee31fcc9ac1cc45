import asyncio
import io

import pytest

from aces.errors import UserError
from aces.llm import client as client_module
from aces.llm.probe import DIGITS, describe, probe
from aces.llm.records import Abilities, Endpoint
from aces.testing import model_server
from aces.testing.model_server import Answer, ModelServer, says, status

NAMES = ("images", "tools", "json_schema", "forced_choice", "logprobs", "seed")


def probed(server: ModelServer, model: str = "stand-in", **endpoint: object) -> Abilities:
    return asyncio.run(probe(Endpoint(model=model, base_url=server.url, **endpoint)))


def as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the stand-in's own function answer the probe, too."""
    monkeypatch.setattr(model_server, "is_probe", lambda body: False)


def test_a_server_that_can_do_everything():
    with ModelServer(lambda _: says("")) as server:
        found = probed(server)
    assert [getattr(found, name) for name in NAMES] == [True, True, True, True, 20, True]
    assert found.reasons == {}
    assert found.served["max_model_len"] == 32768
    assert found.served["version"] == "stand-in"
    assert found.served["reads_pictures"] is False
    assert server.requests == []
    assert len(server.probes) == 7, "one request for each ability, and a plain one"


@pytest.mark.parametrize("lacking", NAMES)
def test_an_ability_that_the_server_refuses(lacking: str):
    with ModelServer(lambda _: says(""), lacks=[lacking]) as server:
        found = probed(server)
    assert [name for name in NAMES if not getattr(found, name)] == [lacking]
    assert "the server refused: 400" in found.reasons[lacking]
    assert {row[0]: row[1:] for row in describe(found)}[lacking][0] in ("no", "0")


def test_a_server_that_ignores_what_it_does_not_know(monkeypatch: pytest.MonkeyPatch):
    as_it_likes(monkeypatch)
    with ModelServer(lambda _: says(f"I read {DIGITS}. It is four.")) as server:
        found = probed(server)
    assert [getattr(found, name) for name in NAMES] == [True, False, False, False, 0, True]
    assert found.served["reads_pictures"] is True
    assert "the model did not call the tool: 'I read" in found.reasons["tools"]


def test_a_model_without_sense_on_a_server_that_holds_it_to_a_schema(
    monkeypatch: pytest.MonkeyPatch,
):
    as_it_likes(monkeypatch)
    cut = ['{"colour": "red", "cou', "\n \n\n", '{ "count"  : 1']
    for text in cut:
        with ModelServer(lambda _, text=text: says(text, finish="length")) as server:
            assert probed(server).json_schema, text
    for text in ('{"color": 1', "Sure! Here is", '{"colour": "red"'):
        finish = "stop" if text.endswith('"red"') else "length"
        with ModelServer(lambda _, t=text, f=finish: says(t, finish=f)) as server:
            assert not probed(server).json_schema, text


def test_fewer_logprobs_than_asked_for(monkeypatch: pytest.MonkeyPatch):
    def answer(body: dict) -> Answer:
        asked = body.get("top_logprobs", 0)
        if asked > 5:
            return status(400, "top_logprobs must be at most 5")
        return says("a", logprobs=[{f"t{i}": -1.0 - i for i in range(asked)}] if asked else ())

    as_it_likes(monkeypatch)
    with ModelServer(answer) as server:
        assert probed(server).logprobs == 5


def test_a_model_that_takes_only_one_temperature(monkeypatch: pytest.MonkeyPatch):
    def answer(body: dict) -> Answer:
        if body["temperature"] != 1:
            return status(400, "Unsupported value: 'temperature' does not support 0")
        return says("yes")

    as_it_likes(monkeypatch)
    with ModelServer(answer) as server:
        assert probed(server).images


def test_a_busy_server_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client_module, "FIRST_PAUSE_S", 0.01)
    as_it_likes(monkeypatch)
    busy = iter([True, True])
    with ModelServer(lambda _: status(503) if next(busy, None) else says("yes")) as server:
        assert probed(server).images


def test_the_picture_shows_the_digits():
    from PIL import Image

    from aces.llm import probe as module

    picture = Image.open(io.BytesIO(module._picture())).convert("L")
    dark = sum(value < 128 for value in picture.get_flattened_data())
    assert picture.size == (336, 168)
    assert 0.05 < dark / (336 * 168) < 0.5


def test_nobody_answers():
    with ModelServer(lambda _: says("")) as server:
        pass
    with pytest.raises(UserError, match=r"nobody answers there\. Start the server") as told:
        probed(server)
    assert told.value.exit_status == 2


@pytest.mark.parametrize("cuts", [1, 2])
def test_a_connection_that_is_cut_once_is_opened_again(monkeypatch: pytest.MonkeyPatch, cuts: int):
    """After an error of its own a server closes a connection that the next request is sent on."""
    as_it_likes(monkeypatch)
    cut = iter([True] * cuts)
    with ModelServer(lambda _: Answer(drop=True) if next(cut, None) else says("yes")) as server:
        if cuts == 1:
            assert probed(server).images
        else:
            with pytest.raises(UserError, match="nobody answers there"):
                probed(server)


def test_a_wrong_key(monkeypatch: pytest.MonkeyPatch):
    as_it_likes(monkeypatch)
    with ModelServer(lambda _: status(401, "Incorrect API key provided")) as server:
        with pytest.raises(UserError, match="set api_key_env: it wants a key"):
            probed(server)
        with pytest.raises(UserError, match="ACES_NO_KEY is not set"):
            probed(server, api_key_env="ACES_NO_KEY")
        monkeypatch.setenv("ACES_A_KEY", "wrong")
        with pytest.raises(UserError, match="check the key in ACES_A_KEY"):
            probed(server, api_key_env="ACES_A_KEY")


def test_an_unknown_model(monkeypatch: pytest.MonkeyPatch):
    as_it_likes(monkeypatch)
    with ModelServer(lambda _: status(404, "no such model"), models=["Qwen2.5-VL-7B"]) as server:
        with pytest.raises(UserError, match=r"did you mean 'Qwen2\.5-VL-7B'"):
            probed(server, model="Qwen2.5-VL-7b")
        with pytest.raises(UserError, match="correct the name of the model"):
            probed(server, model="Qwen2.5-VL-7B")
