"""Models to ask: checkpoints on this machine, through a provider of our own, and everything that Inspect knows.

Importing this package costs nothing: Inspect and torch are imported by the functions that need them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stagelens.study.spec import Prompting, Stage

if TYPE_CHECKING:
    from inspect_ai.model import Model

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
        gather: how many requests will come at once.
        chat_template: for stages that are asked with ``elicitation: template``: its text or path.
        options: further arguments of ``local_model``.

    Raises:
        InputError: the checkpoint cannot be used, or not in the way that the stage asks for.
    """
    if checkpoint is None and not (stage.model or "").startswith("hf/"):
        from inspect_ai.model import get_model

        return get_model(stage.model, memoize=False)
    return local_model(
        label,
        checkpoint=stage.model or "" if checkpoint is None else str(checkpoint.absolute()),
        prompting=stage.prompting,
        chat_template=chat_template if stage.prompting == "template" else None,
        revision=stage.revision,
        subfolder=stage.subfolder,
        gather=gather,
        trust_remote_code=stage.trust_remote_code,
        **options,
    )


def local_model(
    label: str,
    *,
    checkpoint: str,
    prompting: Prompting = "chat",
    chat_template: str | None = None,
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
        revision=revision,
        subfolder=subfolder,
        batch_size=batch_size,
        gather=gather,
        device=device,
        trust_remote_code=trust_remote_code,
    )


def expect(model: Model, requests: int) -> None:
    """Tell a local model how many requests will come at once from now on; other models take no notice."""
    if _is_local(model):
        from stagelens.models.rounds import Rounds

        rounds = getattr(model.api, "rounds", None)
        assert isinstance(rounds, Rounds)
        rounds.gather = requests


def release(model: Model) -> None:
    """Free a local model's weights before the next stage's are loaded; Inspect holds on to models that it has asked."""
    if _is_local(model):
        model.api.close()


def _is_local(model: Model) -> bool:
    return str(model).startswith(f"{LOCAL_PROVIDER}/")
