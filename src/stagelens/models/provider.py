"""``stagelens_local/<label>``: an Inspect model provider for checkpoints on this machine.

The label names the checkpoint, and Inspect's caches know a model by its name alone, so two checkpoints must never share
one. Requests that arrive together are answered together, in batches that depend on the set of requests only.

Tools are written as the chat template writes them, or in text where it knows none (``prompting.in_text``); base models
are asked as ``prompting.raw`` and ``few_shot`` say. ``answers`` reads the calls.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from inspect_ai.model import ChatMessage, GenerateConfig, ModelAPI, ModelOutput, modelapi
from inspect_ai.tool import ToolChoice, ToolInfo
from jinja2 import TemplateError

from stagelens.errors import InputError
from stagelens.models import LOCAL_PROVIDER
from stagelens.models.answers import needs_markup, read_answer
from stagelens.models.batches import Request
from stagelens.models.bulk import Answer, Question
from stagelens.models.few_shot import PROMPTS, URIAL_STOPS, URIAL_TOOL_STOPS, urial
from stagelens.models.prompting import (
    CALL_STOPS,
    RAW_STOPS,
    Turn,
    in_text,
    one_call_each,
    raw,
)
from stagelens.models.rounds import Rounds
from stagelens.models.tool_calls import Tool
from stagelens.models.translation import to_output, to_request, to_tools, to_turns
from stagelens.stages.adopt import adopt
from stagelens.study.spec import Prompting, Stage

if TYPE_CHECKING:
    from stagelens.models.generation import Completion, Generator

MAX_CONNECTIONS: Final = 1_000_000
"""No limit: every request must be let in for the batches to be composed from all of them."""


@modelapi(name=LOCAL_PROVIDER)
class LocalModel(ModelAPI):
    """The provider. Its model arguments:

    Args:
        checkpoint: what a study file's ``model`` takes: a path (Hugging Face folder, LoRA adapter, GGUF file) or
            ``hf/org/name``, with ``revision`` and ``subfolder``.
        prompting: ``chat`` (the checkpoint's own template), ``template`` (``chat_template``), ``raw``, or one of the
            few-shot prompts.
        chat_template: for ``template``: the template's text, or a path.
        stop: texts that an answer ends before, beside those of its prompting.
        batch_size: rows generated together; None for 256 where the model is small, else 64.
        gather: how many attempts will ask; None where that is not known.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` …
        trust_remote_code: whether code that comes with the checkpoint may run.

    Raises:
        InputError: there is no such checkpoint, its weights are pickled, or it cannot be asked in this way.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        *,
        checkpoint: str,
        revision: str | None = None,
        subfolder: str | None = None,
        prompting: Prompting = "chat",
        chat_template: str | None = None,
        stop: Sequence[str] = (),
        batch_size: int | None = None,
        gather: int | None = None,
        device: str = "auto",
        trust_remote_code: bool = False,
    ) -> None:
        super().__init__(model_name, base_url, api_key, config=config or GenerateConfig())
        from stagelens.models.checkpoint import load_tokenizer

        if prompting not in get_args(Prompting):
            raise InputError(
                f"{model_name}: prompting must be one of {', '.join(get_args(Prompting))}, not {prompting!r}."
            )
        self._adopted = adopt(
            Stage(name=model_name, kind="pretrained", model=checkpoint, revision=revision, subfolder=subfolder), Path()
        )
        self._prompting = prompting
        self._stop = tuple(stop)
        self._batch_size = batch_size
        self._device = device
        self._trust_remote_code = trust_remote_code
        self._tokenizer = load_tokenizer(self._adopted, trust_remote_code=trust_remote_code)
        self._template = self._chosen_template(chat_template)
        self.rounds: Rounds[Request, Completion] = Rounds(self._answer, gather=gather)

    def _chosen_template(self, given: str | None) -> str | None:
        from stagelens.models.checkpoint import read_template

        if (self._prompting == "template") != (given is not None):
            raise InputError(
                f"{self.model_name}: give `chat_template` with prompting `template`, and only there "
                f"(prompting is {self._prompting!r})."
            )
        if given is not None:
            return read_template(given)
        if self._prompting != "chat":
            return None
        try:
            template: str = self._tokenizer.get_chat_template()
        except ValueError:
            raise InputError(
                f"{self.model_name}: the tokenizer in {self._adopted.location} has no chat template; "
                "ask this checkpoint with `elicitation: raw` or `urial`, or give it a template."
            ) from None
        return template

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """One answer. ``max_tokens`` is required; temperature and top-p are 1 where the request leaves them open."""
        turns, offered = to_turns(input), to_tools(tools, tool_choice)
        prompt = self._prompt(turns, offered)
        tokenizer = None if self._template is None else self._tokenizer
        request = to_request(
            prompt,
            config,
            default_stops=self._stops(offered),
            closes=CALL_STOPS if offered and tokenizer is None else (),
            markup=tokenizer is not None and needs_markup(offered, tokenizer),
        )
        completion = await self.rounds.ask(request)
        answer = read_answer(completion, prompt, offered, tokenizer)
        earlier = sum(len(turn.calls) for turn in turns)
        return to_output(self.model_name, completion, answer, earlier_calls=earlier)

    def answer_together(self, questions: Sequence[Question], *, config: GenerateConfig) -> list[Answer]:
        """One answer a question, in their order, in batches composed from all of them.

        A conversation that the chat template refuses has no answer, and the refusal as its error.
        """
        tokenizer = None if self._template is None else self._tokenizer
        markup, stops = tokenizer is not None and needs_markup((), tokenizer), self._stops(())
        prompts, answers = [], {}
        for place, question in enumerate(questions):
            try:
                prompts.append((place, self._prompt(question.turns, ())))
            except InputError as error:
                answers[place] = Answer(None, error=str(error))
        requests = [
            to_request(
                prompt,
                config.model_copy(update={"seed": questions[place].seed}),
                default_stops=stops,
                markup=markup,
            )
            for place, prompt in prompts
        ]
        for (place, prompt), completion in zip(prompts, self._answer(requests), strict=True):
            read = read_answer(completion, prompt, (), tokenizer)
            answers[place] = Answer(
                read.text, read.thoughts, completion.stop_reason, completion.prompt_tokens, completion.tokens
            )
        return [answers[place] for place in range(len(questions))]

    def _stops(self, tools: Sequence[Tool]) -> tuple[str, ...]:
        if self._prompting in PROMPTS:
            return (URIAL_TOOL_STOPS if tools else URIAL_STOPS) + self._stop
        return (RAW_STOPS if self._prompting == "raw" else ()) + self._stop

    def _prompt(self, turns: Sequence[Turn], tools: Sequence[Tool]) -> str:
        if self._prompting == "raw":
            return raw(turns)
        if self._prompting in PROMPTS:
            return urial(turns, tools, prompting=self._prompting)
        with_tools = bool(tools) or any(turn.role == "tool" for turn in turns)
        if with_tools and not self._template_knows_tools:
            return self._rendered(in_text(turns, tools), ())
        try:
            return self._rendered(turns, tools)
        except InputError:
            apart = one_call_each(turns)
            if apart == turns:
                raise
            # Some templates take one call a message.
            return self._rendered(apart, tools)

    def _rendered(self, turns: Sequence[Turn], tools: Sequence[Tool]) -> str:
        continued = turns[-1].role == "assistant"
        try:
            text: str = self._tokenizer.apply_chat_template(
                [turn.message() for turn in turns],
                tools=[tool.schema() for tool in tools] or None,
                chat_template=self._template,
                tokenize=False,
                add_generation_prompt=not continued,
                continue_final_message=continued,
            )
        except TemplateError as error:
            raise InputError(f"{self.model_name}: its chat template refuses the conversation ({error}).") from None
        return text

    @cached_property
    def _template_knows_tools(self) -> bool:
        from stagelens.models.checkpoint import template_knows_tools

        return self._template is not None and template_knows_tools(self._tokenizer, self._template)

    def _answer(self, requests: Sequence[Request]) -> list[Completion]:
        """Runs on the rounds' thread, where the weights are loaded by the first round."""
        return self._generator.answer(requests)

    @cached_property
    def _generator(self) -> Generator:
        from stagelens.models.checkpoint import load_model, take_end_tokens
        from stagelens.models.generation import Generator

        model = load_model(self._adopted, device=self._device, trust_remote_code=self._trust_remote_code)
        return Generator(
            model,
            self._tokenizer,
            ends=take_end_tokens(model, self._tokenizer, self._template),
            special_tokens=self._template is None,
            batch_size=self._batch_size,
        )

    async def count_text_tokens(self, text: str) -> int:
        """Tokens in ``text``, by the checkpoint's own tokenizer."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def max_connections(self) -> int:
        """No limit: a round's batches are composed from all requests that wait."""
        return MAX_CONNECTIONS

    def connection_key(self) -> str:
        """Every checkpoint has a pool of its own."""
        return self.model_name

    def collapse_user_messages(self) -> bool:
        """Many templates take turns strictly."""
        return True

    def collapse_assistant_messages(self) -> bool:
        """As for users."""
        return True

    def close(self) -> None:
        """Free the weights; a later request loads them again."""
        self.__dict__.pop("_generator", None)
        gc.collect()
