"""Which characters of a rendered chat the model learns to write: the assistant's answers and what ends its turns.

A template that marks the assistant's text (``{% generation %}``) is taken at its word, once a sample of chats has shown
that its marks hold nobody else's text. Stock templates carry no such marks. Then each answer is found by rendering, and
proved by rendering:

1. The chat is rendered as it is, and once more with marks in its messages (``marks``). Without them the two have to be
   equal, so the marks say where each message's text stands.
2. For each answer, the messages before it are rendered with the generation prompt. What stands behind the last mark of
   that has to follow the same mark in the whole chat: there the model is asked, and there the answer begins.
3. The chat up to the answer is rendered. There the answer ends with the first end-of-turn token after its last mark,
   and the whole chat has to close it in the same words. Between beginning and end no other message's mark may stand.

So no text of a user, a system message or a tool carries the loss, whatever it says, and neither does the generation
prompt. An answer that the template shows otherwise than it asks for it, since more follows (some open or close only the
last answer as a model writes it), is context; so is an answer to nothing, before any other message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from stagelens.errors import InputError
from stagelens.stages.chats import Message, is_muted
from stagelens.stages.preflight import marks
from stagelens.stages.preflight.marks import Mark
from stagelens.stages.preflight.template import Span, Template


@dataclass(frozen=True, slots=True)
class Answer:
    """A piece of a rendered chat that the model learns to write: the message it belongs to, and its characters."""

    message: int
    begin: int
    end: int


def answers(template: Template, messages: Sequence[Message], source: str) -> tuple[str, list[Answer]]:
    """The chat as the template writes it, and the answers in it.

    Raises:
        InputError: the template does not render the chat, or its answers cannot be told from the rest for certain.
    """
    text = template.write(messages, source)
    spoken = [number for number, message in enumerate(messages) if message["role"] == "assistant" and number > 0]
    if not spoken:
        return text, []
    if any(mark in text for mark in marks.MARKS):
        raise _unclear(template, source, "its texts hold noncharacters of Unicode")
    marked = marks.put(messages)
    plain, found = marks.take(template.write(marked, source))
    if plain != text:
        raise _unclear(template, source, "it writes a text otherwise where something stands beside it")
    whole = _Whole(template, marked, source, plain, found)
    located = [answer for number in spoken if (answer := whole.answer(number)) is not None]
    if spoken[-1] == len(messages) - 1 and (not located or located[-1].message != spoken[-1]):
        raise InputError(
            f"{template.where}: the chat template asks for the last answer of a chat of source {source!r} with a "
            "generation prompt that does not stand before that answer in the chat, so the model would learn another "
            "answer than it is asked for; name another template as `chat_template`."
        )
    if any(earlier.end > later.begin for earlier, later in pairwise(located)):
        raise _unclear(template, source, "it writes answers out of order")
    return text, located


@dataclass(frozen=True, slots=True)
class _Whole:
    """A chat with marks, and what the template makes of it: the text without the marks, and the marks."""

    template: Template
    messages: list[Message]
    source: str
    text: str
    marks: list[Mark]

    def answer(self, number: int) -> Answer | None:
        """Where message ``number`` is answered; None where the template does not show it as it asks for it."""
        begin = self._asked(number)
        if begin is None:
            return None
        own = [mark.place for mark in self.marks if mark.message == number]
        if not own and (self.messages[number]["content"].strip() or self.messages[number].get("tool_calls")):
            raise _unclear(self.template, self.source, "it does not show one of its answers")
        said = max(own, default=begin)
        closing = self._closing(number, said)
        if closing is None or not self.text.startswith(closing, said):
            return None
        end = said + len(closing)
        strangers = [mark for mark in self.marks if mark.message != number and begin < mark.place < end]
        if strangers or not all(begin <= place <= end for place in own):
            raise _unclear(self.template, self.source, "another message stands inside one of its answers")
        return Answer(number, begin, end)

    def _asked(self, number: int) -> int | None:
        asking = self.template.write(self.messages[:number], self.source, ask=True)
        prompt, before = marks.take(asking)
        if not before:
            return len(prompt) if self.text.startswith(prompt) else None
        tail = prompt[before[-1].place :]
        last = before[-1].message, before[-1].at_end
        same = [mark.place for mark in self.marks if (mark.message, mark.at_end) == last]
        asked = [place + len(tail) for place in same if self.text.startswith(tail, place)]
        if len(asked) > 1:
            raise _unclear(self.template, self.source, "it asks for one answer in several places")
        return asked[0] if asked else None

    def _closing(self, number: int, said: int) -> str | None:
        """What closes an answer where nothing follows it, up to its end-of-turn token; None where it cannot be told."""
        if number + 1 == len(self.messages):
            ends = [place + len(end) for end in self.template.ends if (place := self.text.find(end, said)) >= 0]
            return self.text[said : min(ends, default=said)]
        upto = self.messages[: number + 1]
        alone = _Whole(self.template, upto, self.source, *marks.take(self.template.write(upto, self.source)))
        answer = alone.answer(number)
        if answer is None:
            return None
        places = [mark.place for mark in alone.marks if mark.message == number]
        return alone.text[max(places, default=answer.begin) : answer.end]


def marked(template: Template, messages: Sequence[Message], source: str) -> tuple[str, list[Span]]:
    """The chat as a template with marks of its own writes it, and the pieces in it that the model learns to write.

    Raises:
        InputError: the template does not render the chat.
    """
    text, spans = template.write_marked(messages, source)
    muted = {number for number, message in enumerate(messages) if is_muted(message)}
    if not muted:
        return text, spans
    shown, places = template.write_marked(marks.put(messages), source)
    of = [{mark.message for mark in marks.take(shown[begin:end])[1]} for begin, end in places]
    if len(of) != len(spans):
        raise _unclear(template, source, "it marks another number of answers where something stands beside them")
    return text, [span for span, inside in zip(spans, of, strict=True) if not inside & muted]


def check_marks(template: Template, messages: Sequence[Message], source: str) -> None:
    """InputError where a template's own marks hold the text of anyone but the assistant."""
    text, spans = template.write_marked(marks.put(messages), source)
    inside = {mark.message for begin, end in spans for mark in marks.take(text[begin:end])[1]}
    foreign = next(
        (messages[number]["role"] for number in sorted(inside) if messages[number]["role"] != "assistant"), None
    )
    if foreign is not None:
        raise InputError(
            f"{template.where}: the chat template has the text of a message of role {foreign!r} inside its "
            "{% generation %} marks, so the model would learn to write it; put only the assistant's turn there."
        )


def _unclear(template: Template, source: str, why: str) -> InputError:
    return InputError(
        f"{template.where}: the chat template does not show which tokens of a chat of source {source!r} are the "
        f"assistant's ({why}); put the assistant's turn between {{% generation %}} and {{% endgeneration %}} in it and "
        "name the file as `chat_template`."
    )
