"""What a stage is asked through: its checkpoint, under a label that no other has, prompted as the study says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stagelens.engine.folder import RunFolder
from stagelens.engine.identity import StageIdentity, prompting_of
from stagelens.engine.training import checkpoint_of
from stagelens.errors import InputError
from stagelens.stages.adopt import adopt
from stagelens.study.paths import resolve
from stagelens.study.spec import Stage, Study

if TYPE_CHECKING:
    from inspect_ai.model import Model


@dataclass(frozen=True, slots=True)
class Serving:
    """A stage, ready to be loaded on any machine that has its checkpoint.

    Attributes:
        name: family and stage, for an error.
        stage: prompted as it is asked.
        checkpoint: where it lies on this machine; None for a hub id or a model behind an API.
        label: a name that no other checkpoint has.
        template: the text of the chat template that it borrows, if it does.
    """

    name: str
    stage: Stage
    checkpoint: Path | None
    label: str
    template: str | None = None

    def load(self) -> Model:
        """The stage as an Inspect model.

        Raises:
            InputError: it cannot be loaded, or not asked in this way.
        """
        from stagelens.models import resolve_model

        try:
            return resolve_model(self.stage, checkpoint=self.checkpoint, label=self.label, chat_template=self.template)
        except InputError:
            raise
        except Exception as error:
            # Providers refuse in ways of their own: a missing key, a missing package, an unknown name.
            raise InputError(f"Stage {self.name}: the model {self.stage.model} cannot be used: {error}") from error


def serving_of(identity: StageIdentity, study: Study, folder: RunFolder) -> Serving:
    """How a stage of a run is asked.

    Raises:
        InputError: it has no checkpoint, or production has no template to borrow.
    """
    name, checkpoint = f"{identity.family}/{identity.stage.name}", checkpoint_of(identity, study, folder)
    if checkpoint is not None and not checkpoint.exists():
        raise InputError(
            f"Stage {name} has no checkpoint at {checkpoint}: "
            "make it with `stagelens train`, or run everything with `stagelens run`."
        )
    stage = identity.stage.model_copy(update={"elicitation": prompting_of(identity.stage, study.generation)})
    return Serving(
        name=name,
        stage=stage,
        checkpoint=checkpoint,
        # The fingerprint gives every checkpoint a model name of its own: Inspect's caches know models by name.
        label=f"{identity.family}-{identity.stage.name}-{identity.fingerprint[:12]}",
        template=_borrowed_template(identity, study, folder) if stage.prompting == "template" else None,
    )


def _borrowed_template(identity: StageIdentity, study: Study, folder: RunFolder) -> str:
    """The chat template that a stage is asked through: the file that it names, else that of the family's production."""
    family, named = identity.family, identity.stage.chat_template
    if named is not None:
        return resolve(named, study.folder).read_text(encoding="utf-8")
    production = study.families[family].production
    trained = production.trained
    checkpoint = folder.checkpoint(family, production.name) if trained else adopt(production, study.folder).path
    path = checkpoint / "chat_template.jinja"
    if not path.is_file():
        raise InputError(
            f"{family}: production's checkpoint {checkpoint} has no chat_template.jinja for other stages to borrow: "
            "ask them with `elicitation: raw` or `urial`, or set generation.chat_template to own."
        )
    return path.read_text(encoding="utf-8")
