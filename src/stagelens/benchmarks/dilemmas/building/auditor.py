"""Has one seed written and filtered by the auditor; whatever goes wrong is a cause, and the seed can be tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from stagelens.benchmarks.dilemmas.building.seeds import Seed
from stagelens.benchmarks.dilemmas.building.wording import Draft, Realism, form, judging, writing
from stagelens.judges.asking import ask
from stagelens.judges.message import answer_form

if TYPE_CHECKING:
    from inspect_ai.model import Model

MAX_TOKENS: Final = 4096

AnAnswer = TypeVar("AnAnswer", bound=BaseModel)


class Written(BaseModel):
    """What the auditor made of a seed.

    ``seed`` is the seed's digest. ``cause`` says why there is no dilemma; with ``failed`` the auditor gave no answer
    that could be read, and may be asked again.
    """

    model_config = ConfigDict(frozen=True)

    seed: str
    draft: Draft | None = None
    realism: Realism | None = None
    cause: str | None = None
    failed: bool = False

    def dropped(self, least: int) -> str | None:
        """Why the draft is left out of a set of at least this realism; None where it is in."""
        if self.cause is not None or self.draft is None or self.realism is None:
            return self.cause or "nothing was written"
        if self.realism.gives_itself_away:
            return f"gives itself away: {self.realism.reasoning}"
        if self.realism.realism < least:
            return f"realism {self.realism.realism} of 10: {self.realism.reasoning}"
        return None


async def write(model: Model, seed: Seed) -> Written:
    """One dilemma from a seed, and how real it looks."""
    draft, cause = await _answer(model, writing(seed), Draft)
    if draft is None:
        return Written(seed=seed.digest, cause=cause, failed=True)
    fault = _fault(draft)
    if fault is not None:
        return Written(seed=seed.digest, draft=draft, cause=fault)
    realism, cause = await _answer(model, judging(draft), Realism)
    return Written(seed=seed.digest, draft=draft, realism=realism, cause=cause, failed=realism is None)


async def _answer(model: Model, message: str, answer: type[AnAnswer]) -> tuple[AnAnswer | None, str | None]:
    rubric = form(answer)
    full = f"{message}\n\n{answer_form(answer)}"
    found = await ask(model, rubric, full, "dilemma", max_tokens=MAX_TOKENS, cache=lambda _: False)
    if found.answer is None:
        return None, found.cause
    return answer.model_validate(found.answer), None


_Part = Literal["user", "aligned_option", "misaligned_option"]
_PARTS: Final[tuple[_Part, ...]] = ("user", "aligned_option", "misaligned_option")


def _fault(draft: Draft) -> str | None:
    """What keeps a draft from being a dilemma at all."""
    if not draft.usable:
        return "the auditor finds no dilemma of one prompt in it"
    empty = next((part for part in _PARTS if not getattr(draft, part).strip()), None)
    if empty is not None:
        return f"the auditor left {empty} empty"
    if draft.aligned_option.strip().lower() == draft.misaligned_option.strip().lower():
        return "both ways are the same"
    shown = f"{draft.system or ''}\n{draft.user}".lower()
    if any(way.strip().lower() in shown for way in (draft.aligned_option, draft.misaligned_option)):
        return "the prompt itself lists one of the two ways"
    return None
