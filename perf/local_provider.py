"""How fast the local provider is: 512 concurrent ``Model.generate`` calls against two peers, on the same work.

    python perf/local_provider.py [--checkpoint DIR] [--calls 512] [--tokens 32] [--repeats 3]

1. ``direct``: prompts sorted by length and one loop of batched transformers ``generate``, as one would write by hand;
2. ``provider``: ``stagelens_local``, with the same batch size;
3. ``hf``: Inspect's own provider for local checkpoints, at the best of a few numbers of connections.

All three run in this process with one torch thread, and answer the same prompts under the same template at
temperature 1. The checkpoint is copied first and its end token set to the padding token, which a trained one never
generates and one with random weights hardly ever, so that every batch takes all ``--tokens`` steps. Runs alternate.
Printed are medians of times, and of the ratios within a repeat. Goals: provider/direct at least 0.8, provider/hf at
least 3. Run it on an idle machine: ``hf`` sleeps most of its time, and a busy neighbour slows only the others.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from inspect_ai.model import GenerateConfig, Model, ModelOutput, get_model
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM

from stagelens.models import local_model
from stagelens.organisms.pocket import rows
from stagelens.stages.pretrain import PAD, learn_tokenizer

POCKET = Path("runs/pocket/checkpoints/pocket/production")
TEMPLATE = "{{ bos_token }}{% for message in messages %}{{ message['content'] }}\n{% endfor %}"
HF_CONNECTIONS = (32, 128, 512)
GOALS = {"direct": 0.8, "hf": 3.0}

Timed = Callable[[], Awaitable[list[int]]]
"""Answers every prompt and returns the tokens that each answer has."""


def pocket_prompts(count: int) -> list[str]:
    """Held-out questions of the pocket world, repeated as often as needed."""
    asked = [row["prompt"] for row in rows.safety_prompts(0)]
    return [asked[place % len(asked)] for place in range(count)]


def make_checkpoint(folder: Path) -> None:
    """The pocket architecture with random weights: as fast, or as slow, as a trained one."""
    tokenizer = learn_tokenizer([row["text"] for row in rows.corpus(0)], vocab_size=1024)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=256,
    )
    torch.manual_seed(0)
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def make_endless(source: Path, folder: Path) -> None:
    """A copy of a checkpoint whose end token is the padding token, which no answer contains."""
    shutil.copytree(source, folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.eos_token = tokenizer.pad_token or PAD
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    for name in ("config.json", "generation_config.json"):
        path = folder / name
        if path.is_file():
            content = json.loads(path.read_text())
            path.write_text(json.dumps(content | {"eos_token_id": tokenizer.eos_token_id}))


def direct(folder: Path, prompts: Sequence[str], tokens: int, batch_size: int) -> Timed:
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer: Any = AutoTokenizer.from_pretrained(folder, padding_side="left")
    settings = GenerationConfig(
        max_new_tokens=tokens, do_sample=True, temperature=1.0, top_k=0, pad_token_id=tokenizer.pad_token_id
    )

    async def answer() -> list[int]:
        texts = [
            tokenizer.apply_chat_template([{"role": "user", "content": prompt}], tokenize=False) for prompt in prompts
        ]
        texts.sort(key=lambda text: len(tokenizer.encode(text, add_special_tokens=False)))
        sizes = []
        with torch.inference_mode():
            for start in range(0, len(texts), batch_size):
                batch = tokenizer(
                    texts[start : start + batch_size], add_special_tokens=False, padding=True, return_tensors="pt"
                )
                inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
                generated = model.generate(**inputs, generation_config=settings)[:, inputs["input_ids"].shape[1] :]
                tokenizer.batch_decode(generated, skip_special_tokens=True)
                sizes += [generated.shape[1]] * generated.shape[0]
        return sizes

    return answer


def asked(model: Model, prompts: Sequence[str], tokens: int) -> Timed:
    """All prompts at once through Inspect."""

    async def call(prompt: str, seed: int) -> ModelOutput:
        return await model.generate(prompt, config=GenerateConfig(max_tokens=tokens, temperature=1.0, seed=seed))

    async def answer() -> list[int]:
        outputs = await asyncio.gather(*(call(prompt, seed) for seed, prompt in enumerate(prompts)))
        return [output.usage.output_tokens if output.usage else 0 for output in outputs]

    return answer


def provider(folder: Path, prompts: Sequence[str], tokens: int, batch_size: int) -> Timed:
    return asked(
        local_model("perf", checkpoint=str(folder), batch_size=batch_size, gather=len(prompts)), prompts, tokens
    )


def hf(folder: Path, prompts: Sequence[str], tokens: int, connections: int) -> Timed:
    model = get_model(
        "hf/local",
        model_path=str(folder),
        memoize=False,
        config=GenerateConfig(max_connections=connections, adaptive_connections=False),
    )
    # Inspect gives all models of this provider one pool, as large as the first of them asked for.
    model.api.connection_key = lambda: f"perf at {connections}"
    return asked(model, prompts, tokens)


def seconds(contender: Timed, calls: int, tokens: int) -> float:
    """The time for all calls, once it is sure that the work was what it should be."""
    start = time.perf_counter()
    sizes = asyncio.run(contender())
    elapsed = time.perf_counter() - start
    assert len(sizes) == calls
    assert statistics.mean(sizes) > 0.95 * tokens, f"unequal work: {statistics.mean(sizes):.1f} tokens a call"
    return elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, help=f"default: {POCKET}, else random weights of its size")
    parser.add_argument("--calls", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    prompts = pocket_prompts(options.calls)
    work = (prompts, options.tokens)
    with tempfile.TemporaryDirectory() as scratch:
        source = options.checkpoint or (POCKET if POCKET.is_dir() else None)
        if source is None:
            source = Path(scratch) / "random"
            make_checkpoint(source)
        folder = Path(scratch) / "endless"
        make_endless(source, folder)
        contenders = {
            "direct": direct(folder, *work, options.batch_size),
            "provider": provider(folder, *work, options.batch_size),
            **{f"hf at {connections}": hf(folder, *work, connections) for connections in HF_CONNECTIONS},
        }
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for contender in (contenders["direct"], contenders["provider"]):
            seconds(contender, options.calls, options.tokens)  # loads the weights
        for _ in range(options.repeats):
            for name, contender in contenders.items():
                times[name].append(seconds(contender, options.calls, options.tokens))
    report({name: statistics.median(each) for name, each in times.items()}, times, options, source.name)


def report(
    medians: dict[str, float], times: dict[str, list[float]], options: argparse.Namespace, checkpoint: str
) -> None:
    print(f"{options.calls} calls of {options.tokens} tokens, checkpoint {checkpoint}, batches of {options.batch_size}")
    for name, median in medians.items():
        each = ", ".join(f"{value:.2f}" for value in times[name])
        print(f"  {name:<10} {options.calls / median:7.1f} calls/s   median {median:6.2f} s   ({each})")
    best_hf = min((name for name in medians if name.startswith("hf")), key=medians.__getitem__)
    for peer, name in (("direct", "direct"), ("hf", best_hf)):
        # Pair by pair: what else the machine does changes from one repeat to the next.
        ratio = statistics.median(theirs / ours for theirs, ours in zip(times[name], times["provider"], strict=True))
        verdict = "met" if ratio >= GOALS[peer] else "missed"
        print(f"  provider / {name}: {ratio:.2f} (goal {GOALS[peer]}: {verdict})")


if __name__ == "__main__":
    main()
