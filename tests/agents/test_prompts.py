"""Prompts and personas: the same for all interfaces, and what users may put in their place."""

import re
from itertools import product

import pytest
from pydantic import ValidationError

from aces.errors import SpecError
from aces.testing import sample_shelf
from aces.types import Factor, Ground, Observation, Task
from agents.dialogue import vocabulary
from agents.served import ServedBuyer
from agents.wording import Prompt, prompts, requirements_text

DOZEN = prompts("paraphrases", None).texts
SHIPPED = {**prompts("shopper", None).texts, **DOZEN}
TASK = Task(id="t", category="office_lamp", query="office lamp")
NUDGE = re.compile(
    r"pric|cheap|cost|expens|rating|review|star|position|first|top|left|brand|badge|sponsor|"
    r"quality|best|deal|value|careful|influence|ignore",
    re.IGNORECASE,
)


def config(**parameters):
    return ServedBuyer.Config(model="m", base_url="http://127.0.0.1:1/v1", **parameters)


def resolved(folder=None, **parameters):
    found = ServedBuyer.resolve(config(**parameters), Ground(1, [], folder))
    assert ServedBuyer.Config(**found.model_dump(mode="json")) == found  # as it is stored
    assert ServedBuyer.resolve(found, Ground(1, [])) == found  # without the files
    return found


def instruction(mode, pointing, sight, speech="tools", name="shopper"):
    shown = {"picture": {"screenshot": b"x"}, "text": {"text": "{}"}}[sight]
    seen = Observation(
        step=1, page="results", mode=mode, pointing=pointing, listings=sample_shelf(), **shown
    )
    acting = vocabulary.acting(seen, vocabulary.verbs(mode, pointing), speech)
    prompt = Prompt.parse(SHIPPED[name], name)
    return prompt.render(TASK, persona="P.", acting=acting, currency="USD"), acting


def test_all_interfaces_get_the_same_instruction_but_for_how_to_act():
    faces = [("name", "picture"), ("number", "picture"), ("point", "picture"), ("name", "text")]
    modes, speeches = ("one_decision", "browse"), ("tools", "schema", "text")
    frames = {
        (prompt.system, prompt.instruction.replace(acting, "ACT"))
        for mode, (pointing, sight), speech in product(modes, faces, speeches)
        for prompt, acting in [instruction(mode, pointing, sight, speech)]
    }
    assert len(frames) == 1
    assert frames.pop()[1].count("ACT") == 1


def test_the_way_to_act_is_the_same_for_a_picture_and_a_text():
    picture, text = (instruction("browse", "name", sight)[1] for sight in ("picture", "text"))
    assert picture.replace("as a picture", "as text") == text


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_prompt_says_the_errand_and_nothing_on_how_to_choose(name):
    text = SHIPPED[name]
    assert all(text.count(f"{{{each}}}") == 1 for each in ("query", "requirements", "acting"))
    assert text.count("{persona}") == 1
    assert NUDGE.search(re.sub(r"\{\w+\}", "", text)) is None
    assert "user" in text
    assert "one unit" in text
    assert re.search("buy|purchase|order", text, re.IGNORECASE)


def test_the_twelve_differ_in_wording_and_hardly_in_length():
    assert len(set(DOZEN.values())) == 12
    lengths = [len(text) for text in DOZEN.values()]
    assert max(lengths) < 1.3 * min(lengths)


def test_how_to_act_never_tells_what_to_choose_by():
    words = {w for mode in ("one_decision", "browse") for pointing in ("name", "number", "point")
             for w in [instruction(mode, pointing, "picture")[1]]}  # fmt: skip
    assert not [w for w in words if re.search(r"cheap|best|first|price|rating", w)]


@pytest.mark.parametrize(
    ("requirements", "currency", "says"),
    [
        ({}, "USD", "Nothing else is required of it."),
        ({"max_price_cents": 129900}, "USD", "It must not cost more than $1,299.00."),
        ({"max_price_cents": 1299}, "JPY", "It must not cost more than ¥1,299."),
        (
            {"brand": "Acme", "attributes": {"pack_size": "2"}},
            "EUR",
            "The brand must be Acme. Its pack size must be 2.",
        ),
    ],
)
def test_requirements_are_said_in_sentences(requirements, currency, says):
    task = Task(id="t", category="c", requirements=requirements)
    assert requirements_text(task, currency) == says


def test_an_errand_without_a_query_is_called_by_its_category():
    task = Task(id="t", category="office_lamp", instruction="It is for a gift.")
    prompt = Prompt.parse(SHIPPED["shopper"], "shopper")
    said = prompt.render(task, persona="", acting="Act.", currency="USD").instruction
    assert ": office lamp." in said
    assert "It is for a gift." in said
    assert "\n\n\n" not in said
    assert "{" not in said


MINE = "# System\nShop.\n# Instruction\n{query} {requirements} {persona}\n{acting}\n"


def test_files_are_read_from_the_experiment_s_folder_and_stored_in_full(tmp_path):
    (tmp_path / "mine.md").write_text(MINE)
    found = resolved(tmp_path, prompt=["shopper", "mine.md"])
    assert found.prompt.texts == {"shopper": SHIPPED["shopper"], "mine": MINE}
    assert ServedBuyer.factors(found) == {"prompt": Factor(levels=("shopper", "mine"))}
    hashes = ServedBuyer.prompt_hashes(found)
    assert len(set(hashes.values())) == 2
    buyer = ServedBuyer(found)
    assert buyer.prompt(TASK.model_copy(update={"prompt": "mine"})).system == "Shop."
    assert buyer.prompt(TASK) == Prompt.parse(SHIPPED["shopper"], "shopper")


def test_wordings_are_drawn_where_it_says_so():
    factor = ServedBuyer.factors(resolved(prompt={"draw": "paraphrases"}))["prompt"]
    assert factor == Factor(levels=tuple(DOZEN), drawn=True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MINE.replace("{query}", "{quary}"), "mine.*quary.*did you mean 'query'"),
        (MINE.replace("{acting}", ""), "mine.*{acting} is missing"),
        (MINE.replace("# System", "# Sistem"), "two parts"),
        ("Buy {query}", "two parts"),
        (None, r"mine\.md: can't be read"),
    ],
)
def test_a_faulty_prompt_is_told_by_name(tmp_path, text, says):
    if text is not None:
        (tmp_path / "mine.md").write_text(text)
    with pytest.raises(SpecError, match=says):
        resolved(tmp_path, prompt="mine.md")


def test_an_unknown_prompt_is_told_with_those_there_are():
    with pytest.raises(SpecError, match="did you mean 'paraphrases'"):
        resolved(prompt="paraphrase")


CSV = "name,who,budget,urgency\nann,Ann buys a gift,$20,\nbob,Bob needs a tool,,today\n"
YAML = (
    "ann: {who: Ann buys a gift, budget: $20}\nbob: {text: 'Bob needs a tool. Urgency: today.'}\n"
)
PEOPLE = {"ann": "Ann buys a gift. Budget: $20.", "bob": "Bob needs a tool. Urgency: today."}


@pytest.mark.parametrize(
    ("given", "texts", "drawn"),
    [
        ("A hurried person.", {"persona": "A hurried person."}, False),
        (["One.", "Two."], {"persona-1": "One.", "persona-2": "Two."}, False),
        (PEOPLE, PEOPLE, False),
        ("people.csv", PEOPLE, False),
        ("people.yaml", PEOPLE, False),
        ({"draw": "people.csv"}, PEOPLE, True),
        ({"draw": ["One.", "Two."]}, {"persona-1": "One.", "persona-2": "Two."}, True),
        ({"draw": PEOPLE}, PEOPLE, True),
    ],
)
def test_personas_are_texts_or_tables(tmp_path, given, texts, drawn):
    (tmp_path / "people.csv").write_text(CSV)
    (tmp_path / "people.yaml").write_text(YAML)
    found = resolved(tmp_path, persona=given)
    assert found.persona.texts == texts
    assert ServedBuyer.factors(found)["persona"] == Factor(levels=tuple(texts), drawn=drawn)
    name = list(texts)[-1]
    assert ServedBuyer(found).persona(TASK.model_copy(update={"persona": name})) == texts[name]


def test_shipped_personas_say_who_budget_tastes_and_urgency():
    texts = resolved(persona="personas").persona.texts
    assert len(texts) >= 5
    for text in texts.values():
        assert all(f"{word}:" in text for word in ("Budget", "Tastes", "Urgency"))
    assert resolved(persona=["student", "parent"]).persona.texts.keys() == {"student", "parent"}


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"persona": 7}, "expected a text, name or path"),
        ({"prompt": [1, 2]}, "expected a text, name or path"),
        ({"prompt": {"draw": 3}}, "expected a text, name or path"),
        ({"serve": "vllm"}, "one of the two"),
        ({"base_url": ""}, "one of the two"),
        ({"arguments": ["--x"]}, "`serve:`"),
    ],
)
def test_parameters_that_make_no_sense(parameters, says):
    with pytest.raises(ValidationError, match=says) as caught:
        ServedBuyer.Config(**{"model": "m", "base_url": "http://127.0.0.1:1/v1", **parameters})
    assert caught.value.error_count() == 1


@pytest.mark.parametrize(
    ("rows", "says"),
    [("who\nAnn\n", "`name`"), ("- 7\n", "`name`"), ("a: [", "people")],
)
def test_a_faulty_table_is_told(tmp_path, rows, says):
    (tmp_path / "people.yaml").write_text(rows)
    with pytest.raises(SpecError, match=says):
        resolved(tmp_path, persona="people.yaml")
