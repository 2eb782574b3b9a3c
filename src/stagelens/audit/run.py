"""An audit from a study file to what it found: planned, trained and asked, read, written down. Resumable."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stagelens.analysis import rules_from_study
from stagelens.audit.checkpoint import token_counter
from stagelens.audit.design import Design, design
from stagelens.audit.effects import effects
from stagelens.audit.findings import Audit, Audited
from stagelens.audit.inventory.table import Inventory, take_inventory
from stagelens.audit.regression import additions
from stagelens.audit.retraining import retrain, retraining_study, without
from stagelens.audit.showing.page import PAGE, write_audit_page
from stagelens.audit.target import Target, find_target
from stagelens.engine import plan
from stagelens.engine.folder import RunFolder
from stagelens.engine.progress import Reporter
from stagelens.engine.run import default_folder
from stagelens.errors import InputError
from stagelens.files import write_frame, write_text
from stagelens.statistics.data import SCORED, MeasureData, Rules
from stagelens.study.cells import Plan
from stagelens.study.problems import nearest
from stagelens.study.spec import Study

SEEDS: Final = 2
AUDIT: Final = "audit.json"
EXAMPLES: Final = "examples.parquet"


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """What an audit would do.

    Attributes:
        target: the stage.
        asked: (benchmark, measure) that it is about.
        design: the mixtures.
        asking: what the trained stages would be asked.
        inventory: what the stage is trained on; its tokens are not counted yet.
    """

    target: Target
    asked: tuple[str, str]
    design: Design
    asking: Plan
    inventory: Inventory

    @property
    def trainings(self) -> float:
        """What the trainings cost, in trainings of the whole stage; less where the study's own run is there."""
        return self.design.trainings(self.target.amounts)


def plan_audit(
    study: Study,
    measure: str,
    *,
    family: str | None = None,
    stage: str | None = None,
    seeds: int = SEEDS,
    sources: tuple[str, ...] = (),
    kept: Sequence[float] = (0.0,),
    mixtures: int | None = None,
) -> AuditPlan:
    """What an audit would train and ask; nothing is trained or asked.

    Args:
        study: with the stage.
        measure: what it is about, as ``benchmark/measure``.
        family: of the stage; may be left out where there is one.
        stage: its name; where it is left out, the first that learns from data to imitate, or to prefer.
        seeds: training runs of the whole and of every mixture.
        sources: those that are left out; all of them where none is named.
        kept: shares of a source's rows that stay, one mixture each, from 0 to below 1.
        mixtures: so many random mixtures, in place of leaving out one source at a time.

    Raises:
        InputError: the study has no such measure, stage or source, or it cannot be audited.
    """
    target = find_target(study, family, stage)
    provenance = {source.name: source.provenance for source in target.mixture.sources}
    wanted = design(
        target.amounts,
        provenance,
        seeds=seeds,
        sources=sources,
        kept=kept,
        mixtures=mixtures,
        seed=study.seed,
    )
    retraining = retraining_study(target, without(target, wanted.variants), seeds)
    asking = plan(retraining)
    known = {f"{each.benchmark}/{each.measure}": (each.benchmark, each.measure) for each in asking.measures}
    if measure not in known:
        raise InputError(f"The study has no measure {measure!r}: {nearest(measure, known)}")
    return AuditPlan(target, known[measure], wanted, asking, _inventory(target))


def run_audit(
    planned: AuditPlan, *, out: Path | None = None, known: Path | None = None, reporter: Reporter | None = None
) -> Audit:
    """Train and ask what is planned and is not there yet, and say what each source does.

    Args:
        planned: by ``plan_audit``.
        out: a folder for the trained stages, their answers and ``audit.json``; ``audit/<family>-<stage>`` in the
            study's run folder where None.
        known: the study's run folder, from which what is the same there is taken; the default one where None and there.
        reporter: told what is done.

    Raises:
        InputError: the folder holds other work, or a stage cannot be made or asked.
    """
    target, wanted = planned.target, planned.design
    folder, taken = folders(target, out, known)
    mixtures = without(target, wanted.variants)
    data = retrain(target, mixtures, seeds=wanted.seeds, out=folder, known=taken, reporter=reporter)
    # The stage's tokenizer is there now.
    inventory = _inventory(target, token_counter(RunFolder(folder).checkpoint(target.family, target.stage.name)))
    rules = rules_from_study(target.study)
    left_out = {variant.name: variant for variant in (*wanted.one_by_one, *wanted.taught)}
    audit = Audit(
        study=target.study.name,
        family=target.family,
        stage=target.stage.name,
        asked=planned.asked,
        sources=tuple(
            Audited(source.name, target.amounts[source.name], source.provenance)
            for source in target.mixture.sources
            if source.name in target.amounts
        ),
        design=wanted,
        effects=effects(data, target.stage.name, tuple(left_out.values()), rules) if left_out else (),
        additions=tuple(
            addition
            for measure in data
            for addition in (
                additions(measure, wanted.drawn, tuple(target.amounts), alpha=rules.alpha) if wanted.drawn else ()
            )
        ),
        levels={(each.benchmark, each.measure): level_of(each, target.stage.name) for each in data},
        alpha=rules.alpha,
        trainings=planned.trainings,
        holdings=inventory.holdings,
        lacks=inventory.lacks,
    )
    write_frame(folder / EXAMPLES, inventory.examples)
    write_text(folder / AUDIT, json.dumps(audit.to_dict(), indent=2) + "\n")
    write_audit_page(audit, margins_of(rules, audit), folder / PAGE)
    return audit


def _inventory(target: Target, tokens: Callable[[str], int] | None = None) -> Inventory:
    provenance = {source.name: source.provenance for source in target.mixture.sources}
    return take_inventory(target.rows(), provenance, asked=target.asked, tokens=tokens)


def margins_of(rules: Rules, audit: Audit) -> dict[tuple[str, str], float]:
    """The margins of an audit's measures, in their units."""
    return {measure: rules.margin(*measure, audit.kind_of(*measure)) for measure in audit.measures}


def folders(target: Target, out: Path | None, known: Path | None) -> tuple[Path, Path | None]:
    """Where an audit lies, and the run folder that it takes from, None where there is none."""
    study_run = known or default_folder(target.study, None)
    folder = out or study_run / "audit" / f"{target.family}-{target.stage.name}"
    return folder, study_run if known is not None or RunFolder(study_run).ledger.is_file() else None


def level_of(data: MeasureData, stage: str) -> float | None:
    """The share, or mean, of what was scored; None where nothing was."""
    row = data.stages.index(stage)
    scored = data.values[row, data.status[row] == SCORED]
    return float(scored.mean()) if len(scored) else None
