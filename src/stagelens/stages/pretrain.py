"""Pretraining from nothing: a tokenizer learned from the corpus, a Llama of the recipe's size, next-token training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from stagelens.stages.course import Course
from stagelens.stages.mixture import Row
from stagelens.stages.preflight import IGNORED
from stagelens.stages.recipe import arguments, chat_template, llama
from stagelens.stages.training import Trained, fit
from stagelens.study.spec import Stage

BEGIN: Final = "<|begin|>"
END: Final = "<|end|>"
PAD: Final = "<|pad|>"
ROLES: Final = ("<|system|>", "<|user|>", "<|assistant|>")
"""Special tokens unless the recipe's ``tokenizer: {special_tokens: …}`` names others beside begin, end and pad."""
MAX_LENGTH: Final = 128
"""Tokens in a block unless the recipe says otherwise."""


def pretrain(stage: Stage, rows: Sequence[Row], *, folder: Path, work: Path, seed: int, course: Course) -> Trained:
    """Train the stage from its texts, all of them, in an order that the seed fixes. ``work`` is scratch space."""
    from transformers import LlamaForCausalLM, Trainer, default_data_collator, set_seed

    recipe, where = stage.recipe or {}, f"Stage {stage.name!r}"
    texts = [row["text"] for row in rows]
    tokenizer = learn_tokenizer(texts, **recipe["tokenizer"])
    tokenizer.chat_template = chat_template(recipe, folder, where)
    args = arguments(stage, output=work, seed=seed)
    set_seed(seed)
    special = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    model = LlamaForCausalLM(llama(recipe, where, vocab_size=len(tokenizer), **special))
    documents = tokenizer(texts, add_special_tokens=True)["input_ids"]
    blocks = pack(
        ([*document, tokenizer.eos_token_id] for document in documents),
        recipe.get("max_length", MAX_LENGTH),
    )
    trainer = Trainer(
        model=model,
        args=args,
        train_dataset=[
            _padded(block, recipe.get("max_length", MAX_LENGTH), tokenizer.pad_token_id) for block in blocks
        ],
        data_collator=default_data_collator,
    )
    facts = fit(trainer, course, where, tokenizer=tokenizer)
    return Trained(model, tokenizer, facts | {"parameters": model.num_parameters()})


def learn_tokenizer(texts: Iterable[str], *, vocab_size: int, special_tokens: Sequence[str] = ROLES) -> Any:
    """A byte-level BPE tokenizer that puts the begin token before every text, as Llama's does."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[PAD, BEGIN, END, *special_tokens],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A",
        special_tokens=[(BEGIN, tokenizer.token_to_id(BEGIN))],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=PAD,
        extra_special_tokens=list(special_tokens),
        clean_up_tokenization_spaces=False,
    )


def pack(documents: Iterable[Sequence[int]], length: int) -> Iterator[list[int]]:
    """Whole documents side by side in blocks of at most ``length`` tokens; a longer document is cut into several.

    A block begins with a document's first token, as a prompt does.
    """
    block: list[int] = []
    for document in documents:
        if block and len(block) + len(document) > length:
            yield block
            block = []
        block = [*block, *document]
        while len(block) > length:
            yield block[:length]
            block = block[length:]
    if block:
        yield block


def _padded(block: Sequence[int], length: int, pad: int) -> Mapping[str, list[int]]:
    # Padding stands at the end, where causal attention never looks back from: it needs no attention mask.
    missing = length - len(block)
    return {"input_ids": [*block, *[pad] * missing], "labels": [*block, *[IGNORED] * missing]}
