"""How fast does a 7B vision-language model decide on this card, beside what the card can do?

    python -m benchmarks.vlm_gpu [--batches 1 8 32] [--pictures 644x540 1288x1092] [--tiny]

Needs torch and transformers (extra `models`) and a GPU; run it in an environment of their own. The
model has the shape of Qwen2.5-VL-7B, written out below, and random weights: its answers mean
nothing, its arithmetic is that of the real one. Nothing is downloaded. A decision is one picture
and a prompt read, and an answer of fixed length written, greedily.

The limits are measured on the same card in the same run: a large matrix product, and a copy within
memory. Reading a prompt can't be quicker than its arithmetic at the first; writing a token can't be
quicker than fetching every weight and the cache of every sequence at the second.

`--tiny` proves the code on any machine with a model of no size, and writes no result.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.machine import write_result

TEXT: dict[str, Any] = {
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
    "max_position_embeddings": 32768,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
}
VISION: dict[str, Any] = {
    "depth": 32,
    "hidden_size": 1280,
    "intermediate_size": 3420,
    "num_heads": 16,
    "out_hidden_size": 3584,
    "fullatt_block_indexes": [7, 15, 23, 31],
    "window_size": 112,
}
TINY_TEXT = TEXT | {
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 1,
    "num_key_value_heads": 1,
}
TINY_VISION = VISION | {
    "depth": 2,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_heads": 2,
    "out_hidden_size": 128,
    "fullatt_block_indexes": [1],
}
PATCH, MERGED = 14, 28
"""Pixels along a patch of the picture, and along the four patches that make a token."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the card can do."""

    flops: float
    """Floating-point operations a second, in the model's data type."""
    bandwidth: float
    """Bytes a second, read and written."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a batch of decisions has to do at least."""

    prompt_flops: float
    token_bytes: float
    """Fetched for each token that the whole batch writes."""


@dataclass(frozen=True, slots=True)
class Point:
    """One batch size at one resolution, measured."""

    prompt_s: float
    total_s: float
    peak_bytes: int


def build(tiny: bool, device: str) -> Any:  # noqa: ANN401
    """Returns the model with random weights, on the device."""
    import torch
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    text, vision = (TINY_TEXT, TINY_VISION) if tiny else (TEXT, VISION)
    config = Qwen2_5_VLConfig(text_config=dict(text), vision_config=dict(vision))
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32 if device == "cpu" else torch.bfloat16)
    try:
        torch.manual_seed(0)
        with torch.device(device):
            return Qwen2_5_VLForConditionalGeneration(config).eval()
    finally:
        torch.set_default_dtype(before)


def prompt(model: Any, batch: int, width: int, height: int, words: int) -> dict[str, Any]:  # noqa: ANN401
    """Returns a batch of prompts: a picture each, then `words` tokens of text."""
    import torch

    config, device = model.config, model.device
    rows, columns = height // PATCH, width // PATCH
    tokens = rows * columns // 4
    start, end, picture = (
        config.vision_start_token_id,
        config.vision_end_token_id,
        config.image_token_id,
    )
    ids = torch.tensor([[start, *[picture] * tokens, end]] * batch, device=device)
    text = torch.randint(1000, 100_000, (batch, words), device=device)
    ids = torch.cat([ids, text], dim=1)
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "mm_token_type_ids": (ids == picture).int(),
        "pixel_values": torch.randn(
            batch * rows * columns, 3 * 2 * PATCH * PATCH, device=device, dtype=model.dtype
        ),
        "image_grid_thw": torch.tensor([[1, rows, columns]] * batch, device=device),
    }


def measure(model: Any, inputs: dict[str, Any], answer: int, rounds: int) -> Point:  # noqa: ANN401
    """Returns the median seconds of reading the prompts alone and of whole decisions."""
    import torch

    on_gpu = model.device.type == "cuda"

    def write(tokens: int) -> None:
        model.generate(
            **inputs, max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False, pad_token_id=0
        )

    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    with torch.inference_mode():
        write(2)  # the first call compiles and allocates
        first = _median(lambda: write(1), rounds, on_gpu)
        whole = _median(lambda: write(answer), rounds, on_gpu)
    return Point(first, whole, torch.cuda.max_memory_allocated() if on_gpu else 0)


def _median(call: Callable[[], object], rounds: int, on_gpu: bool) -> float:
    """The median seconds of a call, the device's work included."""
    import torch

    seconds = []
    for _ in range(rounds):
        if on_gpu:
            torch.cuda.synchronize()
        started = time.perf_counter()
        call()
        if on_gpu:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def limits(device: str, dtype: Any, rounds: int) -> Limits:  # noqa: ANN401
    """Returns what the device reaches on a large matrix product and on a large copy."""
    import torch

    on_gpu = device != "cpu"
    side = 8192 if on_gpu else 512
    a = torch.randn(side, side, device=device, dtype=dtype)
    product = _median(lambda: [a @ a for _ in range(10)], rounds + 2, on_gpu) / 10
    source = torch.empty(2**30 if on_gpu else 2**24, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    copy = _median(lambda: [target.copy_(source) for _ in range(10)], rounds + 2, on_gpu) / 10
    return Limits(2 * side**3 / product, 2 * source.numel() / copy)


def work(model: Any, batch: int, width: int, height: int, words: int, answer: int) -> Work:  # noqa: ANN401
    """Returns the least that a batch of decisions takes.

    Arithmetic of a layer: 2 for each weight and token; of attention: 4 for each pair of positions
    and channel, half of that where a token looks back alone.
    """
    text, vision = model.config.text_config, model.config.vision_config
    patches = (height // PATCH) * (width // PATCH)
    tokens = patches // 4 + 2 + words
    sizes = {name: part.numel() for name, part in model.named_parameters()}
    seeing = sum(n for name, n in sizes.items() if ".visual." in f".{name}")
    spoken = text.vocab_size * text.hidden_size
    reading = sum(sizes.values()) - seeing - 2 * spoken  # of the vocabulary, one row a token
    everywhere = len(vision.fullatt_block_indexes)
    window = (vision.window_size // PATCH) ** 2
    looks = everywhere * patches**2 + (vision.depth - everywhere) * patches * window
    flops = 2 * seeing * patches + 4 * looks * vision.hidden_size
    flops += 2 * reading * tokens + 2 * spoken
    flops += 2 * text.num_hidden_layers * tokens**2 * text.hidden_size
    size = 2 if model.dtype.itemsize == 2 else 4
    head = text.hidden_size // text.num_attention_heads
    kept = 2 * text.num_hidden_layers * text.num_key_value_heads * head * size
    fetched = (reading + spoken) * size + batch * kept * (tokens + answer / 2)
    return Work(batch * flops, fetched)


def row(point: Point, least: Work, card: Limits, batch: int, answer: int) -> tuple[str, ...]:
    """Returns the cells of one measurement."""
    writing = (point.total_s - point.prompt_s) / (answer - 1)
    floor = least.prompt_flops / card.flops
    fetch = least.token_bytes / card.bandwidth
    bound = floor + (answer - 1) * fetch
    return (
        f"{batch / point.total_s:.2f}",
        f"{batch / writing:.0f}",
        f"{point.prompt_s / batch:.3f}",
        f"{floor / point.prompt_s:.2f}",
        f"{fetch / writing:.2f}",
        f"{bound / point.total_s:.2f}",
        f"{point.peak_bytes / 2**30:.1f}",
    )


def table(model: Any, card: Limits, args: argparse.Namespace) -> list[str]:  # noqa: ANN401
    """Returns the lines of the table, one for each resolution and batch size."""
    import torch

    lines = [
        "| picture | tokens of it | batch | decisions/s | answer tokens/s | s to read one prompt "
        "| of limit, reading | of limit, writing | of limit, decision | memory, GiB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for text in args.pictures:
        # whole tokens, as the model's own preprocessing rounds
        width, height = (MERGED * max(1, round(int(n) / MERGED)) for n in text.split("x"))
        for batch in args.batches:
            try:
                inputs = prompt(model, batch, width, height, args.words)
                point = measure(model, inputs, args.answer, args.rounds)
                least = work(model, batch, width, height, args.words, args.answer)
                cells = row(point, least, card, batch, args.answer)
            except torch.cuda.OutOfMemoryError:
                cells = ("out of memory", *[""] * 6)
                torch.cuda.empty_cache()
            start = (f"{width}x{height}", f"{width * height // MERGED**2}", f"{batch}")
            lines.append(f"| {' | '.join((*start, *cells))} |")
            print(lines[-1], flush=True)
    return lines


def report(args: argparse.Namespace) -> str:
    """Measures everything and returns it as text."""
    import torch
    import transformers

    device = "cuda" if torch.cuda.is_available() and not args.tiny else "cpu"
    if device == "cpu" and not args.tiny:
        raise SystemExit("no GPU here: `--tiny` proves the code, and measures nothing of use")
    model = build(args.tiny, device)
    card = limits(device, model.dtype, args.rounds)
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    size = sum(part.numel() for part in model.parameters())
    lines = [
        f"{name}, torch {torch.__version__}, transformers {transformers.__version__}, "
        f"{size / 1e9:.2f} billion random weights, {str(model.dtype).removeprefix('torch.')}. "
        f"Prompt: picture and {args.words} tokens; answer: {args.answer} tokens, greedy; median of "
        f"{args.rounds}. Plumbing only: what it writes means nothing.",
        "",
        f"Limits measured in the same run: {card.flops / 1e12:.2f} TFLOP/s, "
        f"{card.bandwidth / 1e9:.0f} GB/s.",
        "",
        *table(model, card, args),
    ]
    return "\n".join(lines)


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Returns what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--pictures", nargs="+", default=["644x540", "1288x1092"])
    parser.add_argument("--words", type=int, default=400, help="tokens of text in a prompt")
    parser.add_argument("--answer", type=int, default=128, help="tokens of an answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tiny", action="store_true")
    args = parser.parse_args(words)
    if args.tiny:
        args.batches, args.pictures = [1, 2], ["140x112"]
        args.words, args.answer, args.rounds = 16, 4, 1
    return args


def main() -> None:
    """Measures, prints, and on a GPU writes the result."""
    args = parse()
    body = report(args)
    print(body)
    if not args.tiny:
        print(f"\nwrote {write_result('vlm_gpu', 'A 7B vision-language model on a GPU', body)}")


if __name__ == "__main__":
    main()
