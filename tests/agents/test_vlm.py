"""A buyer with a served model: what it says and hears, over real HTTP."""

import asyncio
import base64
import io
import json

import pytest
from PIL import Image

from aces.errors import BuyerError, TrialError
from aces.llm.records import Abilities, Connection, Conversation, ModelBuyer
from aces.seeds import Stream
from aces.testing import check_buyer, sample_shelf
from aces.testing.model_server import Answer, ModelServer, calls, in_turn, says, status
from aces.types import AddToCart, Back, Click, Observation, Stop, Task
from agents.buyers.comprehension import ComprehensionBuyer, is_right, pose
from agents.buyers.vlm import VlmBuyer
from agents.dialogue.history import NO_LONGER_SHOWN

TASK = Task(id="t", category="office_lamp", query="office lamp")
SHELF = sample_shelf()
TITLE = SHELF[3].title
EVERYTHING = Abilities(images=True, tools=True, json_schema=True, seed=True)
PURCHASE = {"title": TITLE, "price": "$15.11", "rating": "4.5", "review_count": "9", "reason": "r"}


def picture(shade=0):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (shade, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def page(step=1, mode="one_decision", pointing="name", **more):
    shown = {"text": f"page {step}"} if "screenshot" not in more else {}
    listings = SHELF if step == 1 else ()
    more = {"listings": listings, **shown, **more}
    return Observation(step=step, page="results", mode=mode, pointing=pointing, **more)


def connected(buyer_class, url, abilities=EVERYTHING, **parameters):
    buyer = buyer_class(buyer_class.Config(model="stand-in", base_url=url, **parameters))
    speech = buyer.settle(abilities)
    buyer.connect(Connection(endpoint=buyer.endpoint, abilities=abilities, speech=speech))
    return buyer


def talk(answer, pages, *, buyer_class=VlmBuyer, task=TASK, stream=None, **parameters):
    """Plays pages to a buyer; returns its actions and last error, the session, the requests."""

    async def play(url):
        buyer = connected(buyer_class, url, **parameters)
        session = buyer.start(task, stream or Stream("trial"))
        assert isinstance(buyer, ModelBuyer)
        assert isinstance(session, Conversation)
        actions = []
        try:
            for each in pages:
                action = await session.act(each)
                actions.append(action)
        except TrialError as error:
            actions.append(error)
        finally:
            await buyer.disconnect()
        return actions, session

    with ModelServer(answer) as server:
        return *asyncio.run(play(server.url)), server.requests


def said(request):
    """Role and texts of each message; pictures as their media type."""
    return [(m["role"], _parts(m["content"])) for m in request["messages"]]


def _parts(content):
    if not isinstance(content, list):
        return content
    return [p.get("text") or p["image_url"]["url"].partition(";")[0] for p in content]


@pytest.mark.parametrize("speak", ["tools", "schema", "text"])
def test_a_purchase_in_each_way_of_talking(speak):
    written = says(json.dumps({"action": {"name": "add_to_cart", **PURCHASE}}))
    answer = calls("add_to_cart", **PURCHASE) if speak == "tools" else written
    (action,), session, (request,) = talk(lambda _: answer, [page()], speak=speak)
    assert action == AddToCart(product_id="product-3", reason="r")
    assert session.reported["price"] == 15.11
    assert session.probability is None
    assert ("tools" in request, "response_format" in request) == (
        speak == "tools",
        speak == "schema",
    )
    assert [exchange.purpose for exchange in session.exchanges] == ["act"]
    text = request["messages"][1]["content"]
    assert "product-3" not in text  # listings are for planted buyers alone
    assert ('"add_to_cart"' in text) == (speak != "tools")


def test_the_page_comes_before_the_words():
    _, _, (request,) = talk(
        lambda _: calls("leave", reason="no"), [page(screenshot=picture(), image_type="image/png")]
    )
    (_, system), (_, parts) = said(request)
    assert parts[0] == "data:image/png"
    assert parts[1].startswith("Find a product for the user")
    assert system == "You are shopping on behalf of a user."


def test_persona_and_wording_are_those_of_the_trial():
    task = TASK.model_copy(update={"persona": "ann", "prompt": "paraphrase-02"})
    _, _, (request,) = talk(
        lambda _: calls("leave", reason="no"),
        [page()],
        task=task,
        persona={"bob": "Bob.", "ann": "Ann likes blue."},
        prompt={"draw": "paraphrases"},
    )
    assert "Ann likes blue." in request["messages"][1]["content"]
    assert request["messages"][0]["content"] == "You are a shopping assistant acting for a user."


GOOD = calls("add_to_cart", **PURCHASE)
TWO = Answer(calls=(("add_to_cart", PURCHASE), ("leave", {"reason": "no"})))
MISTAKES = {
    "prose": (says("I would take the blue one."), "holds no action"),
    "empty": (says(""), "empty"),
    "null": (Answer(), "empty"),
    "truncated JSON": (Answer(calls=(("add_to_cart", '{"title": "Prod'),)), "not JSON"),
    "wrong tool": (calls("buy", title=TITLE), "'buy' is no action here"),
    "two at once": (TWO, "found 2"),
    "another product's name": (calls("add_to_cart", title="Nokia 3310"), "Nokia 3310"),
    "cut off": (says('{"action"', finish="length"), "cut off"),
    "a huge answer": (says("blue " * 20_000), "holds no action"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_and_may_be_mended_once(name):
    mistake, words = MISTAKES[name]
    (action,), session, (_, second) = talk(in_turn(mistake, GOOD), [page()])
    assert action == AddToCart(product_id="product-3", reason="r")
    assert [(e.purpose, e.cause) for e in session.exchanges] == [
        ("act", "unparseable"),
        ("repair", ""),
    ]
    assert words in session.exchanges[0].error
    told = second["messages"][2:]
    assert told[0]["role"] == "assistant"
    assert words in told[-1]["content"]
    answered = [m.get("tool_call_id") for m in told if m["role"] == "tool"]
    assert answered == [call["id"] for call in told[0].get("tool_calls", ())]
    assert len(json.dumps(told)) < 10_000
    for call in told[0].get("tool_calls", ()):  # templates decode them
        json.loads(call["function"]["arguments"])


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_made_twice_fails_and_buys_nothing(name):
    mistake, words = MISTAKES[name]
    (error,), session, requests = talk(lambda _: mistake, [page()])
    assert error.cause == "unparseable"
    assert words in str(error)
    assert len(requests) == 2
    assert [e.cause for e in session.exchanges] == ["unparseable"] * 2
    assert session.reported is None
    kept = session.exchanges[-1].reply
    assert (kept.text, len(kept.calls)) == (mistake.text or "", len(mistake.calls))


@pytest.mark.parametrize(
    ("answer", "cause", "asked"),
    [
        (says("I'm sorry, but I can't help with that."), "refusal", 1),
        (Answer(refusal="I won't."), "refusal", 1),
        (says("Well", finish="content_filter"), "refusal", 1),
        (status(400, "the prompt exceeds the maximum context length of 10 tokens"), "context", 1),
        (status(404, "no such model"), "server", 1),
    ],
)
def test_what_no_second_question_can_mend(answer, cause, asked):
    (error,), session, requests = talk(lambda _: answer, [page()])
    assert error.cause == cause
    assert len(requests) == asked
    assert session.exchanges[-1].cause == cause
    assert session.exchanges[-1].error


def test_a_picture_is_not_shown_to_a_server_that_takes_none():
    blind = EVERYTHING.model_copy(update={"images": False, "reasons": {"images": "text only"}})
    (error,), _, requests = talk(lambda _: GOOD, [page(screenshot=picture())], abilities=blind)
    assert (error.cause, requests) == ("server", [])
    assert "text only" in str(error)


def test_an_answer_in_another_language_is_an_answer():
    answer = calls("leave", reason="Alles zu teuer, 太贵了")
    (action,), _, _ = talk(lambda _: answer, [page()])
    assert action == Stop(reason="Alles zu teuer, 太贵了")


def test_thinking_is_kept_and_not_said_again():
    thought = Answer(calls=(("back", {}),), thinking="Let me see.")
    pages = [page(n, mode="browse") for n in (1, 2)]
    _, session, requests = talk(lambda _: thought, pages)
    assert session.exchanges[0].reply.thinking == "Let me see."
    assert "Let me see" not in json.dumps(requests[1]["messages"])


def walk(steps, errors=(), **parameters):
    pages = [
        page(n, "browse", "point", screenshot=picture(n), error=dict(errors).get(n))
        for n in range(1, steps + 1)
    ]
    actions, _, requests = talk(lambda _: calls("click", x=4, y=6), pages, **parameters)
    assert actions == [Click(x=4, y=6)] * steps
    return said(requests[-1]), requests


def test_a_walk_keeps_its_history_and_the_last_two_pictures():
    messages, requests = walk(4)
    roles = [role for role, _ in messages]
    assert roles == ["system", "user", *["assistant", "tool", "user"] * 3]
    pictures = [parts for role, parts in messages if role == "user"]
    shown = ["data:image/png" in parts for parts in pictures]
    assert shown == [False, False, True, True]
    assert pictures[0].startswith(NO_LONGER_SHOWN)
    assert pictures[0].count("Find a product") == 1
    newest = requests[-1]["messages"][-1]["content"][0]["image_url"]["url"]
    assert base64.b64decode(newest.partition(",")[2]) == picture(4)


def test_a_page_of_text_is_forgotten_like_a_picture():
    pages = [page(n, "browse") for n in (1, 2, 3, 4)]
    _, _, requests = talk(lambda _: calls("back"), pages, keep_pages=1)
    text = json.dumps(requests[-1])
    assert "page 4" in text
    assert "page 3" not in text


def test_a_failed_action_is_told():
    messages, _ = walk(3, errors=[(2, "the cart is empty")])
    assert messages[3] == ("tool", "That could not be done.")
    assert messages[4][1][0] == "That could not be done: the cart is empty."
    assert messages[6] == ("tool", "Done.")


def test_a_short_history_begins_with_a_page_and_the_errand():
    messages, _ = walk(5, errors=[(4, "no")], history=2)
    assert [role for role, _ in messages] == ["system", "user", "assistant", "tool", "user"]
    first = messages[1][1]
    assert first[0] == "That could not be done: no."
    assert "Find a product" in first[-1]


def test_without_tools_turns_alternate_as_chat_templates_demand():
    pages = [page(n, mode="browse") for n in (1, 2, 3)]
    answers = in_turn(says("hm"), *[says('{"action": {"name": "back"}}')] * 4)
    actions, _, requests = talk(answers, pages, speak="text")
    assert actions == [Back()] * 3
    roles = [role for role, _ in said(requests[-1])]
    assert roles == ["system", *["user", "assistant"] * 3, "user"]


def test_the_step_is_told_only_where_asked():
    assert "Step 2" not in json.dumps(walk(2)[0])
    assert walk(2, count_steps=True)[0][-1][1][0] == "Step 2."


def test_a_product_seen_before_can_be_named_on_its_own_page():
    actions, _, _ = talk(
        in_turn(calls("open_listing", title=TITLE), calls("add_to_cart", title=TITLE)),
        [page(1, "browse"), page(2, "browse")],
    )
    assert actions[1] == AddToCart(product_id="product-3")


def test_seeds_belong_to_the_question_and_are_repeatable():
    def seeds(**parameters):
        _, session, requests = talk(in_turn(says("hm"), GOOD), [page()], **parameters)
        keys = [exchange.key for exchange in session.exchanges]
        return [request.get("seed") for request in requests], keys

    first, keys = seeds()
    assert seeds() == (first, keys)
    assert len(set(first)) == len(set(keys)) == 2
    assert seeds(stream=Stream("other"))[0] != first
    assert seeds(sampling={"seed": 5})[0] == [5, 5]
    assert seeds(sampling={"seed": None})[0] == [None, None]
    unable = EVERYTHING.model_copy(update={"seed": False})
    assert seeds(abilities=unable)[0] == [None, None]


def test_many_trials_side_by_side_keep_their_own_words():
    async def play(url):
        buyer = connected(VlmBuyer, url, speak="text")
        tasks = [TASK.model_copy(update={"query": f"lamp {n:02d}"}) for n in range(24)]
        sessions = [buyer.start(task, Stream(task.query)) for task in tasks]
        actions = await asyncio.gather(*(session.act(page()) for session in sessions))
        await buyer.disconnect()
        return [(action.reason, len(s.exchanges)) for action, s in zip(actions, sessions)]  # noqa: B905

    def echo(body):
        words = body["messages"][1]["content"].partition("of it: ")[2][:7]
        return says(json.dumps({"action": {"name": "leave", "reason": words}}), delay_s=0.05)

    with ModelServer(echo) as server:
        found = asyncio.run(play(server.url))
        assert server.most_at_once > 8
    assert found == [(f"lamp {n:02d}", 1) for n in range(24)]


def test_the_contract_holds_for_a_model_that_keeps_to_it():
    def answer(body):
        seen = "page" in body["messages"][-1]["content"]
        return calls("add_to_cart", **PURCHASE) if seen else calls("leave", reason="nothing here")

    with ModelServer(answer) as server:
        check_buyer(connected(VlmBuyer, server.url), [page()])
    with ModelServer(lambda _: calls("answer", answer="$1")) as server:
        check_buyer(connected(ComprehensionBuyer, server.url), [page()])


def test_nobody_is_asked_before_there_is_a_connection():
    session = VlmBuyer(VlmBuyer.Config(model="m", base_url="http://127.0.0.1:1/v1")).start(
        TASK, Stream(1)
    )
    with pytest.raises(BuyerError, match="connect"):
        asyncio.run(session.act(page()))


def asked(subject, pointing="name", seed=1):
    shelf = tuple(i.model_copy(update={"number": i.position}) for i in SHELF)
    seen = page(pointing=pointing, listings=shelf)
    return pose([subject], seen, Stream(seed)), shelf


@pytest.mark.parametrize("subject", ["price", "rating", "title", "badge"])
@pytest.mark.parametrize("speak", ["tools", "text"])
def test_comprehension_keeps_question_answer_and_truth(subject, speak):
    question, _ = asked(subject)

    def play(answer):
        spoken = calls("answer", answer=answer)
        if speak == "text":
            spoken = says(json.dumps({"action": {"name": "answer", "answer": answer}}))
        (action,), session, (request,) = talk(
            lambda _: spoken, [page()], buyer_class=ComprehensionBuyer, asks=[subject], speak=speak
        )
        assert session.reported["asked"] in request["messages"][1]["content"]
        assert session.reported["answer"] == answer
        return action, session.reported

    action, reported = play("$1.00 or so, 1.0")
    assert action == Stop(reason="comprehension: wrong")
    truth = reported["truth"]
    titles = [item.title for item in SHELF if item.product_id in str(truth)]
    right = "\n".join(titles) if subject == "badge" else str(truth)
    action, reported = play(right)
    assert (action, reported["right"]) == (Stop(reason="comprehension: right"), True)
    assert reported["question"] == subject == question.subject


@pytest.mark.parametrize(
    ("subject", "said_", "right"),
    [
        ("price", "It costs ${:,.2f}.", True),
        ("price", "{:.2f} USD", True),
        ("price", "unknown", False),
        ("rating", "{} stars out of 5", True),
        ("title", '"{}"', True),
        ("title", "{} and Product number 1, blue", False),
        ("badge", "none", False),
    ],
)
def test_answers_are_right_in_any_words(subject, said_, right):
    question, shelf = asked(subject, seed=3)
    assert is_right(question, said_.format(question.truth), shelf) is right


def test_a_numbered_shelf_is_asked_by_number_and_all_listings_get_their_turn():
    found = [asked("price", "number", seed)[0] for seed in range(60)]
    assert all("with number" in question.text for question in found)
    assert {question.about for question in found} == {item.product_id for item in SHELF}


def test_a_shelf_without_badges_is_asked_about_one_all_the_same():
    bare = tuple(item.model_copy(update={"marks": {}}) for item in SHELF)
    question = pose(["badge"], page(listings=bare), Stream(1))
    assert is_right(question, "none", bare)
    assert not is_right(question, TITLE, bare)
