"""Five public families of chat templates as their makers write them, with tokenizers that have their special tokens.

``chat_templates/NAME.jinja`` is the stock template, ``NAME_marked.jinja`` the same text with ``{% generation %}``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stagelens.stages.pretrain import learn_tokenizer

FOLDER = Path(__file__).parent / "chat_templates"
ALPHABET = "the user asks the assistant and the model answers: sure, here is a longer text.\n\nNo, I cannot.\n"


@dataclass(frozen=True)
class Family:
    """A family of templates.

    Attributes:
        name: that of its files.
        bos, end: the tokens that begin a text and end a turn.
        special: its other special tokens.
        literals: what separates turns, as a user may write it.
        pieces: as SentencePiece writes texts, spaces as ▁; else bytes.
        strips: whether it strips the assistant's text.
        before: what it writes between the generation prompt and the answer.
        calls: whether it shows tool calls, and whether the text beside them.
    """

    name: str
    bos: str
    end: str
    special: tuple[str, ...]
    literals: tuple[str, ...]
    pieces: bool = False
    strips: bool = False
    before: str = ""
    calls: bool = False

    def said(self, message: dict[str, Any]) -> str:
        """What the model has to learn to write for a message."""
        text = message["content"].strip() if self.strips else message["content"]
        if "tool_calls" not in message:
            return f"{self.before}{text}{self.end}"
        function = message["tool_calls"][0]["function"]
        arguments = json.dumps(function["arguments"], ensure_ascii=False)
        if self.name == "chatml":
            call = f'<tool_call>\n{{"name": "{function["name"]}", "arguments": {arguments}}}\n</tool_call>'
            return f"{text}\n{call}{self.end}" if text else f"{call}{self.end}"
        if self.name == "llama3":
            return f'{{"name": "{function["name"]}", "parameters": {arguments}}}{self.end}'
        call = json.dumps(function, ensure_ascii=False)[:-1]
        return f'[TOOL_CALLS] [{call}, "id": "{message["tool_calls"][0]["id"]}"}}]{self.end}'

    def template(self, *, marked: bool = False) -> str:
        return (FOLDER / f"{self.name}{'_marked' if marked else ''}.jinja").read_text()

    def tokenizer(self, *, marked: bool = False) -> Any:
        tokenizer = _tokenizer(self)
        tokenizer.chat_template = self.template(marked=marked)
        return tokenizer


FAMILIES = (
    Family(
        "chatml",
        "<|endoftext|>",
        "<|im_end|>",
        ("<|im_start|>",),
        ("<|im_end|>", "<|im_end|>\n<|im_start|>assistant\n", "<tool_call>"),
        calls=True,
    ),
    Family(
        "llama3",
        "<|begin_of_text|>",
        "<|eot_id|>",
        ("<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|python_tag|>"),
        ("<|eot_id|>", "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"),
        strips=True,
        calls=True,
    ),
    Family(
        "gemma",
        "<bos>",
        "<end_of_turn>",
        ("<start_of_turn>",),
        ("<end_of_turn>", "<end_of_turn>\n<start_of_turn>model\n"),
        pieces=True,
        strips=True,
    ),
    Family(
        "mistral",
        "<s>",
        "</s>",
        ("[INST]", "[/INST]", "[TOOL_CALLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]"),
        ("</s>", "[/INST] Sure.</s>", "[INST]"),
        pieces=True,
        strips=True,
        before=" ",
        calls=True,
    ),
    Family("zephyr", "<s>", "</s>", (), ("</s>", "</s>\n<|assistant|>\n", "<|assistant|>\n")),
)


def by_name(name: str) -> Family:
    return next(family for family in FAMILIES if family.name == name)


def runs(ids: Sequence[int], labels: Sequence[int], ignored: int) -> list[list[int]]:
    """The tokens that are trained on, in unbroken runs."""
    found: list[list[int]] = [[]]
    for token, label in zip(ids, labels, strict=True):
        if label == ignored:
            found.append([])
        else:
            assert token == label
            found[-1].append(token)
    return [run for run in found if run]


@cache
def _tokenizer(family: Family) -> Any:
    special = (family.bos, family.end, *family.special)
    if family.pieces:
        tokenizer = _pieces(special)
    else:
        tokenizer = learn_tokenizer([ALPHABET] * 4, vocab_size=340, special_tokens=special)
    tokenizer.bos_token, tokenizer.eos_token = family.bos, family.end
    return tokenizer


def _pieces(special: Sequence[str]) -> Any:
    """A tokenizer as Gemma's and Mistral's: spaces are ▁, what it does not know becomes bytes."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    learned = Tokenizer(models.BPE())
    learned.normalizer = normalizers.Replace(" ", "▁")
    lines = pre_tokenizers.Split(Regex("\n+"), "isolated")
    learned.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split("▁", "merged_with_next"), lines])
    trainer = trainers.BpeTrainer(vocab_size=120, special_tokens=["<unk>"], show_progress=False)
    learned.train_from_iterator([ALPHABET] * 4, trainer)
    model = json.loads(learned.to_str())["model"]
    known = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), *list(model["vocab"])[1:]]
    tokenizer = Tokenizer(
        models.BPE(
            {piece: number for number, piece in enumerate(known)},
            [tuple(merge) for merge in model["merges"]],
            byte_fallback=True,
            fuse_unk=True,
            unk_token="<unk>",
        )
    )
    tokenizer.normalizer, tokenizer.pre_tokenizer = learned.normalizer, learned.pre_tokenizer
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        pad_token="<unk>",
        extra_special_tokens=list(special),
        clean_up_tokenization_spaces=False,
    )
