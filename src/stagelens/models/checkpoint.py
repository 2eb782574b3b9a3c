"""Loads a checkpoint for generating: tokenizer, weights (safetensors or GGUF only), and the tokens that end a turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import torch
from jinja2 import TemplateError
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, logging

from stagelens.errors import InputError
from stagelens.models.prompting import Turn
from stagelens.models.tool_calls import ToolUse, call_id
from stagelens.stages.adopt import Adopted
from stagelens.stages.parents import unpacked


def load_tokenizer(adopted: Adopted, *, trust_remote_code: bool) -> Any:
    """The checkpoint's tokenizer, padding on the left.

    Raises:
        InputError: the checkpoint has none that can be read.
    """
    place = _place(adopted)
    if adopted.form == "adapter" and not (adopted.path / "tokenizer_config.json").is_file():
        place["pretrained_model_name_or_path"] = adopted.base
    try:
        tokenizer = AutoTokenizer.from_pretrained(**place, trust_remote_code=trust_remote_code)
    except Exception as error:  # transformers raises many kinds, all of them about the files
        raise _unusable(adopted, "tokenizer", error) from error
    tokenizer.padding_side = "left"
    if tokenizer.pad_token_id is None:
        # Padding is masked out everywhere, so any token will do.
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    return tokenizer


def load_model(adopted: Adopted, *, device: str, trust_remote_code: bool) -> Any:
    """The checkpoint's weights, ready to generate: bfloat16 on a GPU, float32 on a CPU.

    ``device`` ``auto`` spreads the model over the GPUs there are, else it stays on the CPU.

    Raises:
        InputError: the weights cannot be loaded.
    """
    if device == "auto" and not torch.cuda.is_available():
        device = "cpu"
    on_cpu = device == "cpu"
    place = _place(adopted)
    try:
        with _without_bars():
            model = AutoModelForCausalLM.from_pretrained(
                **place,
                **unpacked(adopted.location),
                use_safetensors=True,
                trust_remote_code=trust_remote_code,
                dtype=torch.float32 if on_cpu else torch.bfloat16,
                device_map="auto" if device == "auto" else {"": device},
            )
    except Exception as error:  # as above
        raise _unusable(adopted, "weights", error) from error
    return model.eval()


@contextmanager
def _without_bars() -> Iterator[None]:
    """No progress bars of transformers' own, which print even where nobody watches."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _place(adopted: Adopted) -> dict[str, Any]:
    path = adopted.path
    if adopted.form == "gguf":
        return {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
    return {"pretrained_model_name_or_path": str(path)}


def _unusable(adopted: Adopted, part: str, error: Exception) -> InputError:
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    return InputError(f"{adopted.stage}: the {part} of {adopted.location} cannot be loaded ({reason}).")


def take_end_tokens(model: Any, tokenizer: Any, template: str | None) -> tuple[int, ...]:
    """The tokens that end an answer; afterwards nothing else of the checkpoint's generation settings is left.

    They are those of the tokenizer, of ``generation_config.json`` and of the model's configuration, and the one that
    closes an assistant's turn in ``template``. ``generate`` fills every setting that a caller leaves open from the
    model's own (a repetition penalty, suppressed tokens), hence the blank one.
    """
    ends = {*_ids(tokenizer.eos_token_id), *_ids(model.generation_config.eos_token_id)}
    ends.update(_ids(model.config.get_text_config().eos_token_id))
    if template is not None:
        ends.update(_ids(_turn_end(tokenizer, template)))
    model.generation_config = GenerationConfig()
    return tuple(sorted(ends))


def _ids(value: Any) -> list[int]:
    if value is None:
        return []
    return [value] if isinstance(value, int) else list(value)


_PROBE: Final = "probe"


def _turn_end(tokenizer: Any, template: str) -> int | None:
    """The first special token after an assistant's text in ``template``, if there is one."""
    turns = [{"role": "user", "content": "question"}, {"role": "assistant", "content": _PROBE}]
    rendered = ""
    with suppress(TemplateError):
        rendered = tokenizer.apply_chat_template(turns, chat_template=template, tokenize=False)
    after = rendered.rpartition(_PROBE)[2]
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    return next((token for token in tokenizer.encode(after, add_special_tokens=False) if token in special), None)


def template_knows_tools(tokenizer: Any, template: str) -> bool:
    """Whether a conversation with a tool call and its result can be written in ``template``, with both in the text."""
    turns = [
        Turn("user", "question"),
        Turn("assistant", "", calls=(ToolUse("bash", {"command": _PROBE}),), ids=(call_id(0),)),
        Turn("tool", f"{_PROBE}-result", name="bash", ids=(call_id(0),)),
    ]
    rendered = ""
    with suppress(TemplateError, TypeError):
        rendered = tokenizer.apply_chat_template(
            [turn.message() for turn in turns], chat_template=template, tokenize=False, add_generation_prompt=True
        )
    return rendered.replace(f"{_PROBE}-result", "").count(_PROBE) == 1 and f"{_PROBE}-result" in rendered


def read_template(text_or_path: str) -> str:
    """A chat template given as its text, or as the path of a file that holds it.

    Raises:
        InputError: it looks like a path and there is no such file.
    """
    if "{" in text_or_path:
        return text_or_path
    path = Path(text_or_path).expanduser()
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"The chat template {path} cannot be read ({error.strerror}); give a file or the text."
        ) from None
