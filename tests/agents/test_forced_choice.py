"""A forced choice among labels: what is asked, what is read, what is bought."""

import asyncio
import math
import re

import numpy as np
import pytest
from pydantic import ValidationError

from aces.errors import BuyerError, TrialError, UserError
from aces.llm.records import Abilities, Connection, Sampling
from aces.seeds import Stream
from aces.testing import sample_shelf
from aces.testing.model_server import Answer, ModelServer, says
from aces.types import AddToCart, Observation, Stop, Task
from agents.buyers.forced_choice import ForcedChoiceBuyer

SHELF = sample_shelf(4)
PAGE = Observation(step=1, page="results", text="{the page}", listings=SHELF)
TASTES = dict(zip([item.title for item in SHELF], [1.0, 0.0, -1.0, -2.0], strict=True))
BIAS = {"A": 2.0, "B": -1.0, "C": 0.5, "D": 0.0, "E": -2.0}
ABLE = Abilities(images=True, tools=True, forced_choice=True, logprobs=20, seed=True)
FREE = ABLE.model_copy(update={"forced_choice": False})
"""A server that can't hold an answer to the labels."""


def biased(body):
    """A softmax of known tastes that likes some letters."""
    found = re.findall(r"^([A-E]): (.*)$", body["messages"][-1]["content"], re.MULTILINE)
    logits = {
        label: TASTES.get(text.partition(": ")[2], -3.0) + BIAS[label] for label, text in found
    }
    mass = 1.0 if "structured_outputs" in body else 0.9
    total = math.log(sum(map(math.exp, logits.values())) / mass)
    rest = {} if mass == 1 else {"The": math.log(1 - mass)}
    return says("A", logprobs=[{k: value - total for k, value in logits.items()} | rest])


def shop(answer=biased, *, page=PAGE, able=ABLE, **config):
    """Lets the buyer act once; returns its action or error, its session, and the requests."""
    with ModelServer(answer) as server:
        (found,) = asyncio.run(visits(server, 1, page, able, **config))
        return *found, server.requests


async def visits(server, count, page=PAGE, able=ABLE, **config):
    """Action or error, and session, of so many trials."""
    made = {"model": "stand-in", "base_url": server.url, "may_leave": False, **config}
    buyer = ForcedChoiceBuyer(ForcedChoiceBuyer.Config(**made))
    speech = buyer.settle(able)
    buyer.connect(Connection(endpoint=buyer.endpoint, abilities=able, speech=speech))
    found = []
    for n in range(count):
        session = buyer.start(Task(id="t", category="watch"), Stream("trial", n))
        try:
            found.append((await session.act(page), session))
        except (TrialError, BuyerError) as error:
            found.append((error, session))
    await buyer.disconnect()
    return found


def softmax(values):
    weight = np.exp(np.array(values))
    return weight / weight.sum()


def test_label_bias_is_gone_and_the_label_mass_is_kept():
    action, session, _ = shop()
    expected = dict(zip([i.product_id for i in SHELF], softmax(list(TASTES.values())), strict=True))
    assert session.probability == pytest.approx(expected, abs=1e-12)
    assert isinstance(action, AddToCart)
    assert session.reported == {
        "labels": 4,
        "label_mass_min": pytest.approx(0.9),
        "label_mass_mean": pytest.approx(0.9),
        "labels_truncated": 0,
    }
    # four shifts, and a free answer for the label mass
    assert [exchange.purpose for exchange in session.exchanges] == ["probability"] * 5


def test_only_the_letters_move_from_question_to_question():
    _, _, requests = shop()
    asked = [body["messages"][-1]["content"] for body in requests]
    lines = [re.findall(r"^([A-D]): (.*)$", text, re.MULTILINE) for text in asked]
    assert [[text for _, text in each] for each in lines] == [[t for _, t in lines[0]]] * 5
    for place in range(4):
        assert {each[place][0] for each in lines} == set("ABCD")
    assert len({re.sub(r"^[A-D]: ", "", text, flags=re.MULTILINE) for text in asked}) == 1
    assert "row 1, column 2: Product number 1, blue" in asked[0]
    assert asked[0].index("{the page}") < asked[0].index("A: row")


def test_questions_ask_for_one_token_of_the_labels():
    _, _, requests = shop(sampling=Sampling(temperature=0.5, max_tokens=99))
    for body in requests:
        assert body["max_tokens"] == 1
        assert body["temperature"] == 1.0  # ours is applied to what is read
        assert (body["logprobs"], body["top_logprobs"]) == (True, 20)
        assert "tools" not in body
    held = [body.get("structured_outputs") for body in requests]
    assert sorted(held, key=str) == [None] + [{"choice": list("ABCD")}] * 4


def test_a_server_without_forced_choice_is_asked_all_the_same():
    _, session, requests = shop(able=FREE.model_copy(update={"logprobs": 5}))
    assert ["structured_outputs" in body for body in requests] == [False] * 4
    assert requests[0]["top_logprobs"] == 5
    assert list(session.probability.values()) == pytest.approx(
        list(softmax(list(TASTES.values()))), abs=1e-12
    )
    assert session.reported["label_mass_min"] == pytest.approx(0.9)


def test_the_temperature_is_applied_to_what_is_read():
    _, session, _ = shop(sampling=Sampling(temperature=0.5))
    expected = softmax([2 * taste for taste in TASTES.values()])
    assert list(session.probability.values()) == pytest.approx(list(expected), abs=1e-12)


def test_leaving_is_one_more_option_where_it_is_allowed():
    _, session, requests = shop(may_leave=True)
    expected = softmax([*TASTES.values(), -3.0])
    asked = [body["messages"][-1]["content"] for body in requests]
    leaving = [re.findall(r"^(\w): leave the shop without buying$", text, re.M) for text in asked]
    # every shift once, in whichever order they arrived; the free question stands as the first
    assert sorted(label for (label,) in leaving) == list("ABCDEE")
    assert list(session.probability.values()) == pytest.approx(list(expected[:4]), abs=1e-12)
    assert session.reported["leave_probability"] == pytest.approx(expected[4])


@pytest.mark.parametrize("may_leave", [False, True])
def test_purchases_follow_the_probabilities_and_the_trial_alone(may_leave):
    with ModelServer(biased) as server:
        page = PAGE.model_copy(update={"listings": SHELF[2:]})
        taken = asyncio.run(visits(server, 60, page, may_leave=may_leave))
        again = asyncio.run(visits(server, 10, page, may_leave=may_leave))
    bought = [getattr(action, "product_id", None) for action, _ in taken]
    assert [getattr(action, "product_id", None) for action, _ in again] == bought[:10]
    utilities = [-1.0, -2.0, -3.0] if may_leave else [-1.0, -2.0]
    for name, expected in zip(["product-2", "product-3", None], softmax(utilities), strict=False):
        share = bought.count(name) / 60
        assert abs(share - expected) < 3.5 * math.sqrt(expected * (1 - expected) / 60)
    assert any(isinstance(action, Stop) for action, _ in taken) == may_leave


def test_numbers_on_the_picture_stand_for_the_listings():
    listings = tuple(item.model_copy(update={"number": 9 - i}) for i, item in enumerate(SHELF))
    page = PAGE.model_copy(update={"listings": listings, "pointing": "number"})
    _, _, requests = shop(page=page)
    assert any("A: number 9\nB: number 8\n" in body["messages"][-1]["content"] for body in requests)


def test_the_picture_comes_first():
    page = PAGE.model_copy(update={"text": None, "screenshot": b"png"})

    def answer(body):
        return says("A", logprobs=[dict.fromkeys("ABCD", math.log(0.2))])

    _, session, requests = shop(answer, page=page)
    kinds = [part["type"] for part in requests[0]["messages"][-1]["content"]]
    assert kinds == ["image_url", "text"]
    assert list(session.probability.values()) == pytest.approx([0.25] * 4)


def test_labels_that_the_server_does_not_list_are_counted():
    def answer(body):
        return says("A", logprobs=[{"A": math.log(0.8), "The": math.log(0.15)}])

    _, session, _ = shop(answer, able=FREE)
    assert session.reported["labels_truncated"] == 12
    assert list(session.probability.values()) == pytest.approx([0.25] * 4)


@pytest.mark.parametrize(
    ("answer", "cause", "says_what"),
    [
        (says("A"), "unparseable", "without log-probabilities"),
        (says("The", logprobs=[{"The": -0.1, "I": -3.0}]), "unparseable", "begins with none of"),
        (Answer(refusal="I can't help with that."), "refusal", "can't help"),
    ],
)
def test_answers_without_labels_are_failures_with_a_cause(answer, cause, says_what):
    odd = 2
    answers = iter(range(100))

    def mostly(body):
        return answer if next(answers) == odd else biased(body)

    error, session, _ = shop(mostly, able=FREE)
    assert isinstance(error, TrialError)
    assert (error.cause, says_what in str(error)) == (cause, True)
    assert [e.cause for e in session.exchanges].count(cause) == 1
    assert len(session.exchanges) == 4  # nothing of what was paid for is lost
    assert session.probability is None


def test_what_a_forced_choice_needs_is_said():
    with pytest.raises(UserError, match="log-probabilities, which its server does not give"):
        shop(able=ABLE.model_copy(update={"logprobs": 0}))
    error, _, requests = shop(able=ABLE.model_copy(update={"logprobs": 3}))
    assert "4 options are too many" in str(error)
    assert "gives 3 log-probabilities" in str(error)
    assert requests == []
    error, _, _ = shop(page=PAGE.model_copy(update={"listings": sample_shelf(27)}))
    assert "27 options are too many for a forced choice: there are 26 letters" in str(error)
    error, _, _ = shop(page=PAGE.model_copy(update={"mode": "browse"}))
    assert "mode: one_decision" in str(error)


@pytest.mark.parametrize("sampling", [{"temperature": 0}, {"temperature": 1, "top_p": 0.9}])
def test_sampling_that_has_no_probabilities_is_refused(sampling):
    with pytest.raises(ValidationError, match="own probabilities"):
        ForcedChoiceBuyer.Config(model="m", base_url="http://x/v1", sampling=sampling)


def test_the_purchase_is_not_tried_twice():
    _, session, requests = shop()
    with pytest.raises(TrialError, match="could not be made: sold out"):
        asyncio.run(session.act(PAGE.model_copy(update={"error": "sold out"})))
    assert len(requests) == 5
