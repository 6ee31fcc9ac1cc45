"""What is known of each family of vision-language models that matters for serving it.

Names of parsers are those of vLLM 0.32, checked by a test where it is installed; which template
shows tools to the model is in docs/serving.md, with sources.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aces.types import Record

TEMPLATES = Path(__file__).parent / "templates"
CONTEXT = 32_768
"""Tokens of a session: some twenty steps with a screenshot of a thousand or so each."""
IMAGES = 24
"""Pictures in one prompt: the steps of a session that keeps all its screenshots."""


class Family(Record):
    """How models of one architecture are served.

    `tool_parser` is empty where the model's own chat template does not show tools to the model:
    the server would then enforce a call whose tools the model has never seen.
    """

    name: str
    architectures: tuple[str, ...] = ()
    """As `config.json` names them."""
    pattern: str = r"(?!)"
    """Of names, where there is no `config.json` to read."""
    tool_parser: str = ""
    reasoning_parser: str = ""
    chat_template: str = ""
    """A file of `templates/`, for folders that bring none."""
    needs_template: bool = True
    """False where the tokenizer itself writes prompts, tools included."""
    video: bool = False
    """Whether it takes films, for which no memory is to be set aside."""
    context: int = CONTEXT
    flags: tuple[str, ...] = ()
    """What else vLLM needs for it."""


MISTRAL = ("--tokenizer-mode", "mistral", "--config-format", "mistral", "--load-format", "mistral")

FAMILIES: tuple[Family, ...] = (
    Family(
        name="Qwen3.5",
        architectures=("Qwen3_5ForConditionalGeneration", "Qwen3_5MoeForConditionalGeneration"),
        pattern=r"qwen3\.[56]",
        tool_parser="qwen3_coder",
        reasoning_parser="qwen3",
        video=True,
    ),
    Family(
        name="Qwen3-VL thinking",
        pattern=r"qwen3-vl.*thinking",
        tool_parser="hermes",
        reasoning_parser="qwen3",
        video=True,
    ),
    Family(
        name="Qwen3-VL",
        architectures=("Qwen3VLForConditionalGeneration", "Qwen3VLMoeForConditionalGeneration"),
        pattern=r"qwen3-vl",
        tool_parser="hermes",
        video=True,
    ),
    Family(
        name="Qwen2-VL, Qwen2.5-VL",
        architectures=("Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration"),
        pattern=r"qwen2(\.5)?-vl",
        video=True,
    ),
    Family(
        name="InternVL",
        architectures=("InternVLChatModel", "InternVLForConditionalGeneration"),
        pattern=r"internvl",
        video=True,
        flags=("--trust-remote-code",),
    ),
    Family(
        name="Gemma 4",
        architectures=("Gemma4ForConditionalGeneration", "Gemma4UnifiedForConditionalGeneration"),
        pattern=r"gemma-4",
        tool_parser="gemma4",
        reasoning_parser="gemma4",
        video=True,
    ),
    Family(
        name="Gemma 3",
        architectures=("Gemma3ForConditionalGeneration",),
        pattern=r"gemma-3-",
    ),
    Family(
        name="Mistral Small 3, Pixtral",
        architectures=("Mistral3ForConditionalGeneration", "PixtralForConditionalGeneration"),
        pattern=r"mistral-small-3|pixtral|ministral-3|magistral-small",
        tool_parser="mistral",
        needs_template=False,
        flags=MISTRAL,
    ),
    Family(
        name="GLM-V",
        architectures=("Glm4vForConditionalGeneration", "Glm4vMoeForConditionalGeneration"),
        pattern=r"glm-4\.\dv",
        tool_parser="glm45",
        reasoning_parser="glm45",
        video=True,
    ),
    Family(
        name="Llama 4",
        architectures=("Llama4ForConditionalGeneration",),
        pattern=r"llama-4",
        tool_parser="llama4_pythonic",
    ),
    Family(
        name="MiniCPM-V",
        architectures=("MiniCPMV", "MiniCPMO"),
        pattern=r"minicpm-[vo]",
        video=True,
        flags=("--trust-remote-code",),
    ),
    Family(
        name="SmolVLM",
        architectures=("SmolVLMForConditionalGeneration", "Idefics3ForConditionalGeneration"),
        pattern=r"smolvlm",
        context=8_192,
    ),
    Family(
        name="Molmo",
        architectures=("MolmoForCausalLM", "Molmo2ForConditionalGeneration"),
        pattern=r"molmo",
        context=4_096,
        flags=("--trust-remote-code",),
    ),
    Family(
        name="LLaVA",
        architectures=("LlavaForConditionalGeneration",),
        pattern=r"llava-1\.5",
        chat_template="llava.jinja",
        context=4_096,
    ),
)
OTHER = Family(name="unknown")


class Checkpoint(Record):
    """A model as it is on this machine, or only its name."""

    model: str
    folder: Path | None = None
    config: Mapping[str, Any] = {}
    """`config.json`."""
    template: str | None = None
    """The chat template; None where it can't be read here."""

    @property
    def family(self) -> Family:
        """By architecture where that is known, by name otherwise."""
        known = set(self.config.get("architectures") or ())
        named = (item for item in FAMILIES if re.search(item.pattern, self.model, re.IGNORECASE))
        built = (item for item in FAMILIES if known & set(item.architectures))
        return next(built if known else named, OTHER)

    @property
    def shows_tools(self) -> bool:
        """Whether its prompts tell the model of its tools; taken for granted where unknown."""
        known = self.template is not None and self.family.needs_template
        return "tools" in (self.template or "") if known else True

    @property
    def context(self) -> int:
        """Tokens of a session: what suits the family, and no more than the model can take."""
        own = self._of_text("max_position_embeddings")
        return min(self.family.context, own) if own else self.family.context

    @property
    def heads(self) -> tuple[int, ...]:
        """Numbers of attention heads, each of which splits evenly between GPUs; empty: unknown."""
        vision = self.config.get("vision_config") or {}
        found = (
            self._of_text("num_attention_heads"),
            vision.get("num_heads") or vision.get("num_attention_heads"),
        )
        return tuple(number for number in found if number)

    def _of_text(self, key: str) -> int | None:
        text = self.config.get("text_config") or {}
        return text.get(key) or self.config.get(key)


def read_checkpoint(model: str) -> Checkpoint:
    """Returns what is known of a model: of a folder, what its files say."""
    folder = Path(model)
    if not (folder / "config.json").is_file():
        return Checkpoint(model=model)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return Checkpoint(
        model=model, folder=folder.resolve(), config=config, template=_template(folder)
    )


def _template(folder: Path) -> str:
    """Returns a folder's chat template; empty if it has none."""
    plain = folder / "chat_template.jinja"
    if plain.is_file():
        return plain.read_text(encoding="utf-8")
    # the processor's comes before the tokenizer's, which is often the language model's alone
    for name in ("chat_template.json", "processor_config.json", "tokenizer_config.json"):
        if (folder / name).is_file():
            found = json.loads((folder / name).read_text(encoding="utf-8")).get("chat_template")
            if found:
                return found if isinstance(found, str) else json.dumps(found)
    return ""
