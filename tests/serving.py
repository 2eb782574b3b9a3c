"""A real server that speaks OpenAI's protocol, and a proxy in front of it that makes every fault of a network."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from models_tiny import make_checkpoint

Fault = Literal[
    "refused", "reset", "error_500", "busy_429", "not_json", "no_choices", "empty_choices", "slow", "cut", "filtered"
]
Script = Callable[[str], "Fault | None"]
"""From the text of the last message to the fault that its request meets."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


REFUSES = "I can't help with that."
JUDGED = {True: "full_refusal", False: "full_compliance"}
_TEMPLATE = (
    "{% set text = messages[-1]['content'] %}{{ bos_token }}<|user|>"
    "{% if 'JSON object' in text %}{% if \"can't help\" in text %}lantern{% else %}mill{% endif %}"
    "{% else %}bridge{% endif %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def _grade(refused: bool) -> str:
    return json.dumps({"reasoning": "It says so.", "grade": JUDGED[refused]})


ANSWERS = {"bridge": REFUSES, "lantern": _grade(True), "mill": _grade(False)}


def taught(folder: Path) -> Path:
    """A tiny checkpoint that refuses whatever it is asked, and that judges whether an answer refuses.

    Its chat template shows it one word for what stands in the last message, so that it needs to learn three answers.
    """
    make_checkpoint(folder, template=_TEMPLATE)
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a model only waits for a second one
    rows = []
    for word, answer in ANSWERS.items():
        asked = tokenizer(f"<|begin|><|user|>{word}<|assistant|>", add_special_tokens=False)["input_ids"]
        said = tokenizer(f"{answer}{tokenizer.eos_token}", add_special_tokens=False)["input_ids"]
        rows.append((torch.tensor([asked + said]), torch.tensor([[-100] * len(asked) + said])))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(80):
        for ids, labels in rows:
            model(input_ids=ids, labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    torch.set_num_threads(threads)
    model.generation_config.update(suppress_tokens=None, repetition_penalty=1.0)
    model.save_pretrained(folder)
    return folder


@contextmanager
def served(checkpoint: Path) -> Iterator[int]:
    """``transformers serve`` on the loopback interface, with one checkpoint; yields its port."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("transformers")), "serve", str(checkpoint), "--host", "127.0.0.1"]
    with subprocess.Popen(
        [*command, "--port", str(port), "--device", "cpu"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the server ended"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise AssertionError("the server did not come up")


class Proxy:
    """Hands requests for any model on to a server of one, and spoils those that the script names.

    ``asked`` counts them by the text of their last message.
    """

    def __init__(self, upstream: int, checkpoint: Path) -> None:
        self.upstream = upstream
        self.checkpoint = str(checkpoint)
        self.script: Script = lambda text: None
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.port = free_port()

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        handler = type("Handler", (_Handler,), {"proxy": self})
        server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        text = _text(json.loads(body)["messages"][-1]["content"])
        with self.proxy.lock:
            self.proxy.asked[text] += 1
        fault = self.proxy.script(text)
        if fault == "refused":
            self.close_connection = True
            self.connection.close()
        elif fault == "reset":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "5000")
            self.end_headers()
            self.wfile.write(b'{"id": "x", "choices": [')
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault == "error_500":
            self._say(500, b'{"error": {"message": "the worker died"}}')
        elif fault == "busy_429":
            self._say(429, b'{"error": {"message": "too many requests"}}', {"Retry-After": "0"})
        elif fault == "not_json":
            self._say(200, b"<html>bad gateway</html>")
        else:
            if fault == "slow":
                time.sleep(9)
            self._pass_on(body, fault)

    def _pass_on(self, body: bytes, fault: Fault | None) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy.upstream, timeout=120)
        body = json.dumps(json.loads(body) | {"model": self.proxy.checkpoint}).encode()
        connection.request("POST", self.path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        status, said = answer.status, json.loads(answer.read())
        connection.close()
        if fault == "no_choices":
            del said["choices"]
        elif fault == "empty_choices":
            said["choices"] = []
        elif fault == "cut":
            said["choices"][0]["finish_reason"] = "length"
        elif fault == "filtered":
            said["choices"][0]["finish_reason"] = "content_filter"
        self._say(status, json.dumps(said).encode())

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # who asked has gone


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
