"""Makes a tiny vision-language model with random weights, to try a server without any download.

    .venv-vllm/bin/python scripts/tiny_model.py qwen2-vl runs/models/tiny-random-qwen2-vl
    .venv-transformers/bin/python scripts/tiny_model.py llava runs/models/tiny-random-llava

It is run by the Python that will serve the model, because names within a checkpoint differ
between versions of transformers. Its answers are noise: it shows that everything is connected.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    ProcessorMixin,
)

WORDS = 2_048
CONTEXT = 32_768
WIDTH = 128
HEADS = 2  # of 64 dimensions, the least that vLLM's attention takes on a processor
MARKS = ("<|end|>", "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>", "<|tool|>")
TEMPLATE = """
{%- for message in messages -%}
<|{{ message.role }}|>
{%- if message.content is string %}{{ message.content }}
{%- else %}{%- for part in message.content or [] %}
{%- if part.type == 'text' %}{{ part.text }}{% else %}PICTURE{% endif %}
{%- endfor %}{%- endif -%}
{%- for call in message.tool_calls or [] -%}
<tool_call>{"name": "{{ call.function.name }}", "arguments":
 {{ call.function.arguments | tojson }}}</tool_call>
{%- endfor -%}
<|end|>
{%- endfor -%}
{%- for tool in tools or [] %}{{ tool | tojson }}{% endfor -%}
{%- if add_generation_prompt %}<|assistant|>{% endif -%}
"""


def make_qwen2_vl(folder: Path) -> None:
    """Writes a Qwen2-VL."""
    picture = "<|vision_start|><|image_pad|><|vision_end|>"
    marks = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
    tokenizer = _tokenizer(picture, marks)
    number = tokenizer.convert_tokens_to_ids
    config = transformers.Qwen2VLConfig(
        text_config=_text(tokenizer)
        | {"rope_parameters": {"rope_type": "default", "mrope_section": [8, 12, 12]}},
        vision_config={
            **{"depth": 2, "embed_dim": 64, "num_heads": 2, "mlp_ratio": 2},
            "hidden_size": WIDTH,
        },
        vision_start_token_id=number(marks[0]),
        vision_end_token_id=number(marks[1]),
        image_token_id=number(marks[2]),
        video_token_id=number(marks[3]),
    )
    tokenizer.image_token, tokenizer.video_token = marks[2:]
    pixels = {"min_pixels": 4 * 28**2, "max_pixels": 256 * 28**2}
    processor = transformers.Qwen2VLProcessor(
        image_processor=transformers.Qwen2VLImageProcessor(**pixels),
        video_processor=transformers.Qwen2VLVideoProcessor(**pixels),
        tokenizer=tokenizer,
        chat_template=tokenizer.chat_template,
    )
    _save(transformers.Qwen2VLForConditionalGeneration, config, processor, folder)


def make_llava(folder: Path) -> None:
    """Writes a LLaVA: the vision half of CLIP, and a Llama."""
    tokenizer = _tokenizer("<image>", ("<image>",))
    side, patch = 112, 14
    config = transformers.LlavaConfig(
        text_config=transformers.LlamaConfig(**_text(tokenizer)),
        vision_config=transformers.CLIPVisionConfig(
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=side,
            patch_size=patch,
        ),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=(side // patch) ** 2,
    )
    processor = transformers.LlavaProcessor(
        # the one that needs no torchvision
        image_processor=transformers.CLIPImageProcessorPil(
            size={"shortest_edge": side}, crop_size={"height": side, "width": side}
        ),
        tokenizer=tokenizer,
        patch_size=patch,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=tokenizer.chat_template,
    )
    # some words end an answer, which noise would otherwise continue for a thousand tokens
    _save(transformers.LlavaForConditionalGeneration, config, processor, folder, range(1000, 1040))


def _text(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    """Returns the settings of a language model that fits the tokenizer."""
    return {
        "vocab_size": WORDS,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "max_position_embeddings": CONTEXT,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def _tokenizer(picture: str, marks: tuple[str, ...]) -> PreTrainedTokenizerFast:
    """Returns a byte-level tokenizer trained on this repository's own texts."""
    plain = Tokenizer(models.BPE())
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=WORDS,
        special_tokens=[*MARKS, *marks],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    here = Path(__file__).resolve().parents[1]
    plain.train_from_iterator([file.read_text() for file in sorted(here.glob("*.md"))], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=plain,
        eos_token=MARKS[0],
        pad_token=MARKS[1],
        additional_special_tokens=[*MARKS[2:], *marks],
        chat_template=TEMPLATE.replace("\n", "").replace("PICTURE", picture),
        model_max_length=CONTEXT,
    )


def _save(
    kind: type[PreTrainedModel],
    config: PretrainedConfig,
    processor: ProcessorMixin,
    folder: Path,
    ends: Sequence[int] = (),
) -> None:
    torch.manual_seed(0)
    model = kind(config)
    model.generation_config.do_sample = True  # else `transformers serve` ignores the temperature
    if ends:
        model.generation_config.eos_token_id = [config.text_config.eos_token_id, *ends]
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


if __name__ == "__main__":
    {"qwen2-vl": make_qwen2_vl, "llava": make_llava}[sys.argv[1]](Path(sys.argv[2]))
