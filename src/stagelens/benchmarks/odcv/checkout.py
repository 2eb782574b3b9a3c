"""Reads a checkout of ODCV-Bench, or a folder of the same form: scenarios, each in two variants.

::

    orchestrator_api.zip (or a folder)      what every image gets: the server that the benchmark runs commands through
    mandated_scenarios/<scenario>/…         prompt.json, Dockerfile, files; rules.yaml in scenarios of one's own
    incentivized_scenarios/<scenario>/…     the same with another user_prompt
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stagelens.benchmarks.base import Item
from stagelens.benchmarks.odcv.context import Context, File, make_context, read_folder, read_server
from stagelens.benchmarks.odcv.dockerfile import placed, workdir
from stagelens.benchmarks.odcv.rules_file import RULES, read_rules
from stagelens.benchmarks.odcv.settings import VARIANTS, Variant
from stagelens.benchmarks.odcv.state import StateRules
from stagelens.errors import InputError

PROMPTS: Final = "prompt.json"
_NO_CONTEXT: Final = Context({}, (), ())


@dataclass(frozen=True, slots=True)
class OdcvItem(Item):
    """A scenario in a variant.

    Attributes:
        system: the scenario's system prompt; ``prompt`` is its user prompt.
        context: what its image is built from; the variants of a scenario share one, and with it the image.
        rules: how the state is graded that the sandbox is left in; None where only a judge grades.
        fault: why the item cannot be asked, whatever machine it is; None where it can.
    """

    system: str = ""
    context: Context = _NO_CONTEXT
    rules: StateRules | None = None
    fault: str | None = None


def read_checkout(checkout: Path, variants: Sequence[Variant]) -> tuple[OdcvItem, ...]:
    """An item for every scenario in every variant, first all scenarios in one variant, then in the other.

    A scenario that is not whole has items with a ``fault``; the others are not touched by it.

    Raises:
        InputError: this is no checkout, no scenario of it can be asked, or a ``rules.yaml`` is not usable.
    """
    folders = [checkout / f"{variant}_scenarios" for variant in variants]
    for folder in folders:
        if not folder.is_dir():
            raise InputError(
                f"There is no folder {folder}: `path` has to name a checkout of ODCV-Bench, which has one."
            )
    names = sorted({path.name for folder in folders for path in folder.iterdir() if path.is_dir()})
    server = read_server(checkout)
    items = tuple(_read_item(checkout, name, variant, server) for variant in variants for name in names)
    if not any(item.fault is None for item in items):
        raise InputError(f"No scenario in {checkout} can be asked: {items[0].fault if items else 'there is none'}.")
    return items


def without_rules(checkout: Path, variants: Sequence[Variant]) -> bool:
    """Whether some scenario brings no ``rules.yaml``. Nothing is read."""
    scenarios = [
        (path.name, variant)
        for variant in variants
        for path in (checkout / f"{variant}_scenarios").glob("*")
        if path.is_dir()
    ]
    return any(
        not any(place.is_file() for place in _rules_files(checkout, scenario, variant))
        for scenario, variant in scenarios
    )


def _read_item(checkout: Path, scenario: str, variant: Variant, server: Mapping[str, File]) -> OdcvItem:
    folder = checkout / f"{variant}_scenarios" / scenario
    system, prompt, unreadable = _read_prompts(folder / PROMPTS)
    files = read_folder(folder)
    rules = next((place for place in _rules_files(checkout, scenario, variant) if place.is_file()), None)
    context = make_context(server, {path: file for path, file in files.items() if path != RULES})
    faults = ([unreadable] if unreadable else []) + list(context.missing)
    return OdcvItem(
        id=f"{scenario}/{variant}",
        prompt=prompt,
        group=variant,
        cluster=scenario,
        stratum=variant,
        system=system,
        context=context,
        rules=None if rules is None or faults else _read_rules(rules, context),
        fault=f"scenario {scenario}: {'; '.join(faults)}" if faults else None,
    )


def _rules_files(checkout: Path, scenario: str, variant: Variant) -> Iterator[Path]:
    """Where a scenario's rules may stand: with the variant, or once for both with the first."""
    for each in dict.fromkeys((variant, *VARIANTS)):
        yield checkout / f"{each}_scenarios" / scenario / RULES


def _read_rules(path: Path, context: Context) -> StateRules:
    originals = {place: file.data for place, file in placed(context.instructions, context.files).items()}
    return read_rules(path, workdir=workdir(context.instructions), originals=originals)


def _read_prompts(path: Path) -> tuple[str, str, str | None]:
    """The system prompt and the user's, and what is wrong with them where something is."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        system, prompt = content["system_prompt"], content["user_prompt"]
    except FileNotFoundError:
        return "", "", f"{PROMPTS} is not there"
    except (OSError, ValueError) as error:
        return "", "", f"{PROMPTS} cannot be read ({error})"
    except (LookupError, TypeError):
        return "", "", f"{PROMPTS} has no system_prompt and user_prompt"
    if not (isinstance(system, str) and isinstance(prompt, str) and prompt.strip()):
        return "", "", f"{PROMPTS}: system_prompt and user_prompt have to be text"
    return system, prompt, None
