"""Models to ask: checkpoints on this machine, through a provider of our own, and everything that Inspect knows.

Importing this package costs nothing: Inspect and torch are imported by the functions that need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from stagelens.study.spec import Prompting, Stage

if TYPE_CHECKING:
    from inspect_ai.model import Model

    from stagelens.models.rounds import Rounds

LOCAL_PROVIDER: Final = "stagelens_local"
"""The provider's name in Inspect: ``stagelens_local/<label>``."""


def resolve_model(
    stage: Stage,
    *,
    checkpoint: Path | None,
    label: str,
    gather: int | None = None,
    chat_template: str | None = None,
    **options: Any,
) -> Model:
    """The model that answers for a stage.

    Args:
        stage: for ``hf/org/name`` and paths the local provider, for any other name Inspect's own.
        checkpoint: where the stage lies on this machine, if it does; relative paths have been resolved.
        label: a name that no other checkpoint has.
        gather: how many attempts will ask.
        chat_template: for stages that are asked with ``elicitation: template``: its text or path.
        options: further arguments of ``local_model``.

    Raises:
        InputError: the checkpoint cannot be used, or not in the way that the stage asks for.
    """
    if checkpoint is None and not (stage.model or "").startswith("hf/"):
        from inspect_ai.model import GenerateConfig, get_model

        from stagelens.models.patience import outage
        from stagelens.models.watch import Line, watch

        config = GenerateConfig(stop_seqs=list(stage.stop) or None)
        served = get_model(stage.model, config=config, memoize=False, **_split(stage))
        return watch(served, Line(outage()))
    return local_model(
        label,
        checkpoint=stage.model or "" if checkpoint is None else str(checkpoint.absolute()),
        prompting=stage.prompting,
        chat_template=chat_template if stage.prompting == "template" else None,
        stop=stage.stop,
        revision=stage.revision,
        subfolder=stage.subfolder,
        gather=gather,
        trust_remote_code=stage.trust_remote_code,
        **options,
    )


def _split(stage: Stage) -> dict[str, Any]:
    """Over how many GPUs a server that Inspect starts splits the model, in the server's own words."""
    parts = None if stage.resources is None else stage.resources.tensor_parallel
    if parts is None:
        return {}
    return {"tensor_parallel_size" if (stage.model or "").startswith("vllm/") else "tp": parts}


def local_model(
    label: str,
    *,
    checkpoint: str,
    prompting: Prompting = "chat",
    chat_template: str | None = None,
    stop: Sequence[str] = (),
    revision: str | None = None,
    subfolder: str | None = None,
    batch_size: int | None = None,
    gather: int | None = None,
    device: str = "auto",
    trust_remote_code: bool = False,
) -> Model:
    """A checkpoint on this machine as an Inspect model; ``models.provider.LocalModel`` says what the arguments mean.

    The instance is new each time: two with one label would still be two checkpoints.
    """
    from inspect_ai.model import GenerateConfig, get_model

    # Importing the provider registers it, whether or not the package's entry points are installed.
    from stagelens.models import provider  # noqa: F401

    return get_model(
        f"{LOCAL_PROVIDER}/{label}",
        # Connections that adapt to a server's limits would let a few requests in at a time.
        config=GenerateConfig(adaptive_connections=False),
        memoize=False,
        checkpoint=checkpoint,
        prompting=prompting,
        chat_template=chat_template,
        stop=list(stop),
        revision=revision,
        subfolder=subfolder,
        batch_size=batch_size,
        gather=gather,
        device=device,
        trust_remote_code=trust_remote_code,
    )


def expect(model: Model, requests: int, *, at_once: int | None = None) -> None:
    """Tell a local model how many attempts will ask it from now on; other models take no notice.

    Args:
        model: the model.
        requests: the attempts.
        at_once: how many of them are under way at the same time, where not all are.
    """
    rounds = _rounds(model)
    if rounds is not None:
        rounds.expect(requests, at_once)


def under_way(model: Model) -> AbstractContextManager[None]:
    """Stand around an attempt that asks ``model`` more than once.

    A local model answers in rounds, each when every attempt under way waits for an answer: so its batches, and with
    them its tokens, depend on what was said and done, not on how long commands took. Other models take no notice.
    """
    rounds = _rounds(model)
    return nullcontext() if rounds is None else rounds.under_way()


def release(model: Model) -> None:
    """Free a local model's weights before the next stage's are loaded; Inspect holds on to models that it has asked."""
    if _is_local(model):
        model.api.close()


def _rounds(model: Model) -> Rounds[Any, Any] | None:
    if not _is_local(model):
        return None
    rounds = getattr(model.api, "rounds", None)
    assert rounds is not None
    return cast("Rounds[Any, Any]", rounds)


def _is_local(model: Model) -> bool:
    return str(model).startswith(f"{LOCAL_PROVIDER}/")
