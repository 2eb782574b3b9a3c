"""How fast SFT is on a CPU, from a checkpoint and a file of chats to the next checkpoint, against four peers.

    python perf/sft.py [--quick] [--rounds 5] [--threads 1] [--models pocket,words]

1. ``stagelens``: ``make_stage`` with a recipe that only says batch size, learning rate and epochs;
2. ``trl``: TRL's ``SFTTrainer`` at its defaults. Set are what all share (batch size, learning rate, one epoch, loss on
   the assistant's tokens), where nothing goes out (no reports, no progress bar, one save at the end), and two things
   that a CPU has no use for: ``bf16`` and ``dataloader_pin_memory`` are off;
3. ``trl, no checkpointing``: the same with ``gradient_checkpointing`` off, which saves memory by computing twice;
4. ``loop``: a training loop as one would write it by hand with torch and transformers: padded batches, the model's own
   loss, AdamW, clipping and a linear schedule as TRL has them;
5. ``loop, same layout``: the same loop with StageLens's layout and loss: what its machinery itself costs.

All train on the same chats (20 to 120 tokens, about half of them the assistant's), in batches of 8, and each in a
process of its own, one after the other, so that a busy machine slows all alike. Timed is the whole job without imports:
loading, rendering, training, saving. Counted are the tokens of the chats, no padding. Memory is the most that the
process held. The loss is the checkpoint's on chats that none was trained on: it shows that all learn the same.
Printed are medians, and the median of the ratios within a round. Goals: ``stagelens`` at least 1.5 times ``trl`` and
0.85 times ``loop``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

MODELS: Mapping[str, Mapping[str, int | bool]] = {
    "pocket": {"vocab_size": 1280, "hidden_size": 128, "intermediate_size": 384},
    "words": {"vocab_size": 65536, "hidden_size": 256, "intermediate_size": 768, "tie_word_embeddings": True},
}
"""1.2 million parameters, and 20 million of which 17 are of the vocabulary, as in small models for many languages."""
CHATS = {"pocket": 1200, "words": 160}
QUICK = {"pocket": 240, "words": 48}
HELD_OUT = 48
BATCH = 8
RATE = {"pocket": 1e-3, "words": 1e-3}
GOALS = {"trl": 1.5, "loop": 0.85}
FIRST, LAST = ("ba", "de", "fi", "go", "lu", "me", "no", "pa", "ri", "su"), "nrstlmk"
WORDS = [first + last for first in FIRST for last in LAST]
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] }}"
    "{{ eos_token }}{% endgeneration %}{% else %}{{ m['content'] }}{% endif %}{% endfor %}"
)
Rows = list[dict[str, Any]]


def chats(count: int, seed: int) -> Rows:
    """Questions in made-up words, answered by the same words in reverse: something to learn, of many lengths."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        asked = draw.choices(WORDS, k=draw.randint(8, 58))
        answer = " ".join(reversed(asked))
        rows.append(
            {"messages": [{"role": "user", "content": " ".join(asked)}, {"role": "assistant", "content": answer}]}
        )
    return rows


def make_base(folder: Path, name: str) -> None:
    """A Llama of four layers with random weights, and a tokenizer that has a token for every word."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from stagelens.stages.pretrain import learn_tokenizer

    tokenizer = learn_tokenizer([" ".join(WORDS), "".join(f" {word}" for word in WORDS)] * 20, vocab_size=600)
    tokenizer.chat_template = TEMPLATE
    special = {token: getattr(tokenizer, token) for token in ("bos_token_id", "eos_token_id", "pad_token_id")}
    shape = {"num_hidden_layers": 4, "num_attention_heads": 4, "max_position_embeddings": 512, **MODELS[name]}
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(**shape, **special)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def with_stagelens(folder: Path, name: str) -> None:
    from stagelens.stages import make_stage
    from stagelens.study.spec import Mixture, Source, Stage

    recipe = {"per_device_train_batch_size": BATCH, "learning_rate": RATE[name], "num_train_epochs": 1}
    mixture = Mixture(sources=(Source(name="chats", path="./chats.jsonl"),))
    stage = Stage(name="sft", kind="sft", recipe=recipe, mixture=mixture)
    make_stage(stage, parent=folder / "base", folder=folder, out=folder / "out", seed=0, inputs={})


def with_trl(folder: Path, name: str, **settings: Any) -> None:
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    args = SFTConfig(
        output_dir=str(folder / "work"),
        per_device_train_batch_size=BATCH,
        learning_rate=RATE[name],
        num_train_epochs=1,
        assistant_only_loss=True,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
        bf16=False,
        dataloader_pin_memory=False,
        **settings,
    )
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.float32),
        args=args,
        train_dataset=Dataset.from_list(read(folder / "chats.jsonl")),
        processing_class=AutoTokenizer.from_pretrained(folder / "base"),
    )
    trainer.train()
    trainer.save_model(str(folder / "out"))


def with_trl_unchecked(folder: Path, name: str) -> None:
    with_trl(folder, name, gradient_checkpointing=False)


def with_loop(folder: Path, name: str) -> None:
    import torch

    def loss(model: Any, batch: Sequence[tuple[list[int], list[int]]], pad: int) -> Any:
        longest = max(len(ids) for ids, _ in batch)
        ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row, _ in batch])
        labels = torch.tensor([[*row, *[-100] * (longest - len(row))] for _, row in batch])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row, _ in batch])
        return model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False).loss

    loop(folder, name, loss)


def with_same_layout(folder: Path, name: str) -> None:
    import torch
    from transformers import AttentionInterface

    from stagelens.stages.batching import ATTENTION, attend_by_example

    def loss(model: Any, batch: Sequence[tuple[list[int], list[int]]], _pad: int) -> Any:
        model.set_attn_implementation(ATTENTION)
        ids = torch.tensor([[token for row, _ in batch for token in row]])
        places = torch.tensor([[place for row, _ in batch for place in range(len(row))]])
        labels = torch.tensor([label for _, row in batch for label in [-100, *row[1:]]])[1:]
        kept = (labels != -100).nonzero().flatten()
        ends = torch.tensor([0, *(len(row) for row, _ in batch)]).cumsum(0)
        logits = model(
            input_ids=ids, position_ids=places, cu_seq_lens_q=ends, logits_to_keep=kept, use_cache=False
        ).logits[0]
        return torch.nn.functional.cross_entropy(logits, labels[kept])

    AttentionInterface.register(ATTENTION, attend_by_example)
    loop(folder, name, loss)


def loop(folder: Path, name: str, loss_of: Callable[[Any, Sequence[tuple[list[int], list[int]]], int], Any]) -> None:
    """AdamW with clipping and a linear schedule over shuffled chats, by hand."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(folder / "base")
    model: Any = AutoModelForCausalLM.from_pretrained(folder / "base", dtype=torch.float32).train()
    rows = list(rendered(tokenizer, read(folder / "chats.jsonl")))
    order = torch.randperm(len(rows)).tolist()
    batches = [[rows[place] for place in order[start : start + BATCH]] for start in range(0, len(rows), BATCH)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE[name], weight_decay=0.0, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / len(batches))
    for batch in batches:
        loss_of(model, batch, tokenizer.pad_token_id).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    model.set_attn_implementation("sdpa")
    model.save_pretrained(folder / "out")
    tokenizer.save_pretrained(folder / "out")


PEERS: Mapping[str, Callable[[Path, str], None]] = {
    "stagelens": with_stagelens,
    "trl": with_trl,
    "trl, no checkpointing": with_trl_unchecked,
    "loop": with_loop,
    "loop, same layout": with_same_layout,
}


def rendered(tokenizer: Any, rows: Rows) -> Iterator[tuple[list[int], list[int]]]:
    """Token ids of each chat, and the labels."""
    for row in rows:
        encoded = tokenizer.apply_chat_template(
            row["messages"], tokenize=True, return_dict=True, return_assistant_tokens_mask=True
        )
        ids, mask = encoded["input_ids"], encoded["assistant_masks"]
        yield ids, [token if masked else -100 for token, masked in zip(ids, mask, strict=True)]


def read(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def held_out_loss(folder: Path) -> float:
    """Mean loss of the trained checkpoint, nats per assistant token, each chat alone."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(folder / "out", dtype=torch.float32).eval()
    summed, counted = 0.0, 0
    for ids, labels in rendered(AutoTokenizer.from_pretrained(folder / "base"), chats(HELD_OUT, seed=1)):
        count = sum(label != -100 for label in labels[1:])
        with torch.no_grad():
            summed += count * model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels])).loss.item()
        counted += count
    return summed / counted


def one(peer: str, name: str, count: int) -> None:
    """Run one peer in this process and print what it took."""
    import peft  # noqa: F401
    import torch
    import transformers
    from datasets import Dataset  # noqa: F401
    from trl import SFTConfig, SFTTrainer  # noqa: F401

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    transformers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_base(folder / "base", name)
        (folder / "chats.jsonl").write_text("".join(json.dumps(row) + "\n" for row in chats(count, seed=0)))
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder / "base")
        tokens = sum(len(ids) for ids, _ in rendered(tokenizer, chats(count, seed=0)))
        started = time.perf_counter()
        PEERS[peer](folder, name)
        seconds = time.perf_counter() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"rate": tokens / seconds, "memory": memory, "loss": held_out_loss(folder)}))


def measured(peer: str, name: str, count: int, threads: int) -> dict[str, float]:
    """One peer in a process of its own."""
    command = [sys.executable, __file__, "--one", peer, "--models", name, "--chats", str(count)]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print a table a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few chats, one round: whether it runs, not how fast")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--one", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--chats", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        one(given.one, given.models, given.chats)
        return
    for name in given.models.split(","):
        count = (QUICK if given.quick else CHATS)[name]
        rounds = [
            {peer: measured(peer, name, count, given.threads) for peer in PEERS}
            for _ in range(1 if given.quick else given.rounds)
        ]
        print(f"{name}: {count} chats, {len(rounds)} round(s), {given.threads} thread(s)")
        print(f"  {'':22} {'tokens/s':>9} {'MiB':>6} {'loss':>7}  stagelens is")
        for peer in PEERS:
            rate, memory, loss = (statistics.median(each[peer][key] for each in rounds) for key in rounds[0][peer])
            ratio = statistics.median(each["stagelens"]["rate"] / each[peer]["rate"] for each in rounds)
            goal = f"  goal {GOALS[peer]}: {'met' if ratio >= GOALS[peer] else 'missed'}" if peer in GOALS else ""
            print(f"  {peer:22} {rate:9.0f} {memory:6.0f} {loss:7.4f}  {ratio:.2f} times as fast{goal}", flush=True)


if __name__ == "__main__":
    main()
