"""``stagelens_scripted/<label>``: an Inspect model provider that plays written scripts of tool calls.

It is stateless: where it stands in a script is read off the conversation that it is given, so that many samples,
retries and any harness work alike. Every message with a tool call was played by it; one without counts where it says
what the script says next. Which sample asks is read off Inspect's transcript of the sample: no harness need tell it.

Requests without tools are the harness's own (titles, summaries, routing): they get a harmless text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from inspect_ai.event import SampleInitEvent
from inspect_ai.log import transcript
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    Content,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    get_model,
    modelapi,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo

from stagelens.agents.calls import Action, Bash, Call, Complete, Invoke, Malformed, Move, Say, moves, parse_calls
from stagelens.errors import InputError

SCRIPTED_PROVIDER: Final = "stagelens_scripted"
"""The provider's name in Inspect."""
ASIDE: Final = "Nothing to add."
"""The answer to a request without tools."""
_SHELLS: Final = ("bash", "run_shell_command", "shell", "Bash", "local_shell", "shell_command", "exec_command")
_COMPLETE: Final = "task_complete"
_DONE: Final = Move(None, (Complete("done"),))


def scripted_model(scripts: Mapping[str, Sequence[Call]], *, label: str = "scripted") -> Model:
    """A model that plays ``scripts``, each for the item (the sample's id) that it is given for."""
    return get_model(f"{SCRIPTED_PROVIDER}/{label}", memoize=False, script=dict(scripts))


@modelapi(name=SCRIPTED_PROVIDER)
class ScriptedModel(ModelAPI):
    """The provider.

    Args:
        script: a list of calls (``agents.calls`` says of what form), or a mapping from item ids to such lists.

    Raises:
        InputError: a call is not one.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        *,
        script: Sequence[Any] | Mapping[str, Sequence[Any]],
    ) -> None:
        super().__init__(model_name, base_url, api_key, config=config or GenerateConfig())
        self._any: tuple[Move, ...] | None = None
        self._by_item: dict[str, tuple[Move, ...]] = {}
        if isinstance(script, Mapping):
            self._by_item = {item: _moves(calls) for item, calls in script.items()}
        else:
            self._any = _moves(script)

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """The next message of the script; ``complete: done`` when it is over."""
        if not tools:
            return self._output([ContentText(text=ASIDE)], [])
        script = self._script()
        position = played(input, script)
        move = script[position] if position < len(script) else _DONE
        texts = [action.text for action in move.actions if isinstance(action, Say)]
        calls: list[ToolCall] = []
        for action in move.actions:
            place = f"call_{position}_{len(calls)}"
            if isinstance(action, Complete) and not any(tool.name == _COMPLETE for tool in tools):
                texts.append(action.reason)
            elif not isinstance(action, Say):
                calls.append(_tool_call(place, action, tools))
        content: list[Content] = [] if move.thoughts is None else [ContentReasoning(reasoning=move.thoughts)]
        return self._output([*content, ContentText(text="\n".join(texts))], calls)

    def _script(self) -> tuple[Move, ...]:
        if self._any is not None:
            return self._any
        item = asking_item()
        if item not in self._by_item:
            raise InputError(f"{self.model_name}: there is no script for the item {item!r}.")
        return self._by_item[item]

    def _output(self, content: list[Content], calls: list[ToolCall]) -> ModelOutput:
        message = ChatMessageAssistant(
            content=content, tool_calls=calls or None, model=self.model_name, source="generate"
        )
        return ModelOutput(
            model=self.model_name,
            choices=[ChatCompletionChoice(message=message, stop_reason="tool_calls" if calls else "stop")],
            usage=ModelUsage(),
        )

    def connection_key(self) -> str:
        """Every script has a pool of its own."""
        return self.model_name

    def max_connections(self) -> int:
        """No limit: an answer costs nothing."""
        return 1_000_000


def asking_item() -> str | None:
    """The id of the sample that the running code belongs to; None outside of a sample."""
    events = transcript().history.resident_events
    start = next((event for event in events if isinstance(event, SampleInitEvent)), None)
    return None if start is None else str(start.sample.id)


def played(conversation: Sequence[ChatMessage], script: Sequence[Move]) -> int:
    """How many messages of ``script`` a conversation holds."""
    position = 0
    for message in conversation:
        if not isinstance(message, ChatMessageAssistant):
            continue
        if message.tool_calls or (position < len(script) and message.text.strip() == _said(script[position])):
            position += 1
    return position


def _said(move: Move) -> str:
    return "\n".join(
        action.text if isinstance(action, Say) else action.reason
        for action in move.actions
        if isinstance(action, Say | Complete)
    ).strip()


def _moves(script: Sequence[Any]) -> tuple[Move, ...]:
    """The messages of a script that is given as calls or as plain values."""
    plain = [each for each in script if isinstance(each, dict)]
    return moves(parse_calls(list(script)) if plain else tuple(script))


def _tool_call(place: str, action: Action, tools: Sequence[ToolInfo]) -> ToolCall:
    match action:
        case Bash(command):
            shell = _shell(tools)
            return ToolCall(place, shell.name, _shell_arguments(shell, command))
        case Malformed(text):
            fault = f"Error parsing the following tool call arguments:\n\n{text}"
            return ToolCall(place, _shell(tools).name, {}, parse_error=fault)
        case Invoke(name, arguments):
            return ToolCall(place, name, dict(arguments))
        case Complete(reason):
            return ToolCall(place, _COMPLETE, {"reason": reason})
        case Say(text):
            raise ValueError(f"no tool call: {text!r}")


def _shell(tools: Sequence[ToolInfo]) -> ToolInfo:
    """The shell tool among those that are offered; one named bash where there is none."""
    offered = {tool.name: tool for tool in tools}
    return next((offered[name] for name in _SHELLS if name in offered), ToolInfo(name=_SHELLS[0], description=""))


def _shell_arguments(shell: ToolInfo, command: str) -> dict[str, Any]:
    """Some shells call their command ``cmd``, some take it as a list of words."""
    properties = shell.parameters.properties
    name = "cmd" if "cmd" in properties and "command" not in properties else "command"
    as_list = name in properties and properties[name].type == "array"
    return {name: ["/bin/sh", "-c", command] if as_list else command}
