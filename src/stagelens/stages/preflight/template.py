"""A tokenizer's chat template: what it writes, what it marks as the assistant's, and the token that ends a turn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.chats import Message

Span = tuple[int, int]
"""A piece of a text, from a character to the one after its last."""

_MARKS: Final = re.compile(r"\{%-?\s*generation\s*-?%\}")
_PROBE: Final = "probe"


class Template:
    """The chat template that a tokenizer holds.

    Args:
        tokenizer: with a chat template, and with offsets (a "fast" one).
        where: what an error begins with.
        text: another template in place of the tokenizer's.

    Raises:
        InputError: the tokenizer has no chat template, or cannot say which characters a token stands for.
    """

    def __init__(self, tokenizer: Any, where: str, text: str | None = None) -> None:
        if not (text or tokenizer.chat_template):
            raise InputError(
                f"{where}: the checkpoint it starts from has no chat template; name one as `chat_template`."
            )
        if not tokenizer.is_fast:
            raise InputError(
                f"{where}: the tokenizer of the checkpoint it starts from does not say which characters a token stands "
                "for, so no loss mask can be made; save the checkpoint with a tokenizer.json."
            )
        self.tokenizer = tokenizer
        self.where = where
        try:
            self.text: str = text or tokenizer.get_chat_template()
        except ValueError as error:  # several templates by name, none of them the default
            raise InputError(f"{where}: the checkpoint it starts from has no one chat template ({error}).") from None

    @property
    def marked(self) -> bool:
        """Whether it marks the assistant's text itself, by ``{% generation %}``."""
        return _MARKS.search(self.text) is not None

    def write(self, messages: Sequence[Message], source: str, *, ask: bool = False) -> str:
        """The chat as text, with the generation prompt behind it where ``ask`` is true.

        Raises:
            InputError: the template does not render it.
        """
        try:
            text: str = self.tokenizer.apply_chat_template(
                list(messages), chat_template=self.text, tokenize=False, add_generation_prompt=ask
            )
        except Exception as error:  # a template is a program: it may raise whatever it likes
            raise self.refuses(source, error) from error
        return text

    def write_marked(self, messages: Sequence[Message], source: str) -> tuple[str, list[Span]]:
        """The chat as text, and the pieces that the template's own marks hold, in order.

        Raises:
            InputError: the template does not render it.
        """
        from transformers.utils.chat_template_utils import render_jinja_template

        try:
            texts, spans = render_jinja_template(
                conversations=[list(messages)],
                chat_template=self.text,
                return_assistant_tokens_mask=True,
                **self.tokenizer.special_tokens_map,
            )
        except Exception as error:  # as above
            raise self.refuses(source, error) from error
        return texts[0], [tuple(span) for span in spans[0]]

    def refuses(self, source: str, error: Exception) -> InputError:
        """What to say where the template does not render a chat."""
        return InputError(f"{self.where}: the chat template does not render a chat of source {source!r} ({error}).")

    @cached_property
    def end_of_turn(self) -> str | None:
        """The first special token that follows an assistant's text, None where none does.

        A text that spells a token of the tokenizer's added vocabulary becomes that single token.
        """
        turns = [{"role": "user", "content": "question"}, {"role": "assistant", "content": _PROBE}]
        after = ""
        with suppress(InputError):
            after = self.write(turns, "").rpartition(_PROBE)[2]
        special = {*self.tokenizer.all_special_ids, *self.tokenizer.added_tokens_decoder}
        ids = self.tokenizer.encode(after, add_special_tokens=False)
        found = next((each for each in ids if each in special and self._spelled(each).strip()), None)
        return None if found is None else self._spelled(found)

    @cached_property
    def ends(self) -> tuple[str, ...]:
        """The tokens that may end an assistant's turn, as texts."""
        return tuple({each: None for each in (self.end_of_turn, self.tokenizer.eos_token) if each})

    @cached_property
    def special(self) -> tuple[str, ...]:
        """The special tokens, and the added ones that the template writes, as texts."""
        added = (token.content for token in self.tokenizer.added_tokens_decoder.values())
        written = (text for text in added if text in self.text and text.strip())
        return tuple(dict.fromkeys((*self.tokenizer.all_special_tokens, *self.ends, *written)))

    def _spelled(self, token: int) -> str:
        return str(self.tokenizer.convert_ids_to_tokens(token))
