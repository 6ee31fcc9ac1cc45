"""How a model is made to act, and when its words are a refusal."""

import jsonschema_rs
import pytest

from aces.errors import TrialError, UserError
from aces.llm.records import Abilities, Reply
from agents.dialogue import vocabulary
from agents.dialogue.refusals import is_refusal
from agents.dialogue.replies import read_call
from agents.dialogue.vocabulary import verbs
from agents.served import ServedBuyer

ALL = Abilities(tools=True, json_schema=True)


@pytest.mark.parametrize(
    ("speak", "abilities", "speech"),
    [
        ("auto", ALL, "tools"),
        ("auto", Abilities(json_schema=True), "schema"),
        ("auto", Abilities(), "text"),
        ("text", ALL, "text"),
        ("schema", ALL, "schema"),
        ("schema", Abilities(tools=True, reasons={"json_schema": "unknown field"}), None),
        ("tools", Abilities(json_schema=True), None),
    ],
)
def test_the_way_to_talk_is_settled_by_what_the_server_can_do(speak, abilities, speech):
    config = ServedBuyer.Config(model="m", base_url="http://127.0.0.1:1/v1", speak=speak)
    if speech is not None:
        assert ServedBuyer(config).settle(abilities) == speech
    else:
        with pytest.raises(UserError, match=f"speak: {speak}.*it can do: .*text"):
            ServedBuyer(config).settle(abilities)


VOCABULARIES = {
    ("one_decision", "name"): ["add_to_cart", "leave"],
    ("one_decision", "number"): ["add_to_cart", "leave"],
    ("browse", "point"): ["click", "type", "scroll", "back", "leave"],
    ("browse", "number"): ["click", "type", "scroll", "back", "leave"],
    ("browse", "name"): [
        *("open_listing", "add_to_cart", "click", "type", "scroll", "back", "check_out", "leave"),
    ],
}


@pytest.mark.parametrize("where", VOCABULARIES, ids=str)
def test_each_interface_has_its_vocabulary_and_may_be_denied_leaving(where):
    names = VOCABULARIES[where]
    assert [verb.name for verb in verbs(*where)] == names
    assert [verb.name for verb in verbs(*where, may_leave=False)] == names[:-1]


@pytest.mark.parametrize("where", VOCABULARIES, ids=str)
def test_what_the_schema_allows_is_what_the_parser_reads(where):
    allowed = verbs(*where)
    schema = vocabulary.schema(allowed)
    jsonschema_rs.meta.validate(schema)
    for verb, tool in zip(allowed, vocabulary.tools(allowed), strict=True):
        made = {"string": "down", "integer": 3, "number": 1.5, "boolean": True}
        arguments = {each.name: made[each.kind] for each in verb.arguments}
        answer = {"action": {"name": verb.name, **arguments}}
        jsonschema_rs.validate(schema, answer)
        jsonschema_rs.validate(dict(tool.parameters), arguments)
        call = read_call(Reply(text=str(answer).replace("'", '"').replace("True", "true")), allowed)
        assert (call.name, call.arguments) == (verb.name, arguments)
        further = {"action": {**answer["action"], "units": 2}}
        assert not jsonschema_rs.is_valid(schema, further)


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I’m unable to assist with this request.",
        "As an AI, I cannot make purchases on behalf of a person.",
        "I must decline.",
        "Es tut mir leid, aber ich kann Ihnen dabei nicht helfen.",
        "Désolé, je ne peux pas vous aider.",
        "Lo siento, no puedo ayudar con eso.",
        "Mi dispiace, non posso aiutarti.",
        "Desculpe, não posso ajudar com isso.",
        "Sorry, daar kan ik niet bij helpen.",
        "Извините, я не могу помочь с этим.",
        "Przykro mi, nie mogę w tym pomóc.",
        "抱歉，我无法协助完成此请求。",
        "申し訳ありませんが、お手伝いできません。",
        "죄송하지만 도와드릴 수 없습니다.",
        "عذرا، لا أستطيع المساعدة في ذلك.",
        "Üzgünüm, bu konuda yardımcı olamam.",
    ],
)
def test_refusals_are_known_in_many_languages(text):
    assert is_refusal(text)
    with pytest.raises(TrialError) as caught:
        read_call(Reply(text=text), verbs("one_decision", "name"))
    assert caught.value.cause == "refusal"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I would take the first one.",
        "I can't find a product that fits.",
        "I cannot read the price of the second one.",
        "I won't buy any of these, they are too expensive.",
        "I'm sorry, the page seems to be empty.",
        "Ich kann den Preis nicht lesen.",
        "Je ne peux pas lire le prix.",
        "None of these can help with back pain.",
        "我会买第一个。",
        "I can't help with that. " + "But let me think about it at length. " * 40,
    ],
)
def test_other_prose_is_no_refusal(text):
    assert not is_refusal(text)


def test_a_server_s_own_mark_is_a_refusal_and_an_action_beside_the_words_is_none():
    allowed = verbs("one_decision", "name")
    for reply in (Reply(refusal="no"), Reply(text="Buy", finish="content_filter")):
        with pytest.raises(TrialError) as caught:
            read_call(reply, allowed)
        assert caught.value.cause == "refusal"
    words = 'I cannot help with that. {"action": {"name": "leave", "reason": "none is needed"}}'
    assert read_call(Reply(text=words), allowed).name == "leave"
