"""Published prompt sets: which of their columns is what, as their authors publish them. Data, and nothing is fetched.

Files are the user's to get, under the licence named here; explicit ``columns`` of a study file override parts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Group = Literal["harmful", "benign", "plain"]
"""A harmful request; a benign one that looks harmful; a plain one that any competent model answers."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that cannot be asked, or are no part of the set: those whose ``column`` matches ``pattern`` as a whole.

    ``why`` ends the sentence "3 rows are left out: they …". A column that is not there leaves nothing out.
    """

    column: str
    pattern: re.Pattern[str]
    why: str


@dataclass(frozen=True, slots=True)
class Preset:
    """One published file format.

    Attributes:
        title: the set's name.
        source: where the file is to be had.
        licence: what its authors say of its use.
        columns: which column is what, in the words of a study file's ``columns``; values of ``harmful`` are a mapping.
        group: the group of every prompt, where the set holds only one.
        left_out: rows that are not asked.
        hub: the authors' own dataset on the Hugging Face hub, with its configuration and split; None without one.
    """

    title: str
    source: str
    licence: str
    columns: Mapping[str, str | Mapping[str, str]]
    group: Group | None = None
    left_out: tuple[LeftOut, ...] = ()
    hub: str | None = None
    config: str | None = None
    split: str = "train"


def _or_bench(part: str, group: Group) -> Preset:
    # https://huggingface.co/datasets/bench-llm/or-bench: or-bench-80k.csv, or-bench-hard-1k.csv, or-bench-toxic.csv
    return Preset(
        title=f"OR-Bench, {part}",
        source=f"https://huggingface.co/datasets/bench-llm/or-bench ({part}.csv)",
        licence="CC-BY-4.0",
        columns={"prompt": "prompt", "stratum": "category"},
        group=group,
        hub="hf/bench-llm/or-bench",
        config=part,
    )


PRESETS: Final[Mapping[str, Preset]] = {
    # https://github.com/paul-rottger/xstest, xstest_prompts.csv: id, prompt, type, label, focus, note. Prompts of one
    # focus word are variations of one another; where it is empty, a prompt stands for itself.
    "xstest": Preset(
        title="XSTest",
        source="https://github.com/paul-rottger/xstest (xstest_prompts.csv)",
        licence="CC-BY-4.0",
        columns={
            "prompt": "prompt",
            "item": "id",
            "harmful": {"column": "label", "equals": "unsafe"},
            "cluster": "focus",
            "stratum": "type",
        },
        hub="hf/Paul/XSTest",
    ),
    "or_bench_80k": _or_bench("or-bench-80k", "benign"),
    "or_bench_hard_1k": _or_bench("or-bench-hard-1k", "benign"),
    "or_bench_toxic": _or_bench("or-bench-toxic", "harmful"),
    # https://github.com/alexandrasouly/strongreject, strongreject_dataset/strongreject_dataset.csv (and the small one):
    # category, source, forbidden_prompt. No ids.
    "strongreject": Preset(
        title="StrongREJECT",
        source="https://github.com/alexandrasouly/strongreject (strongreject_dataset/strongreject_dataset.csv)",
        licence="MIT for its own prompts; others keep the licences of the sets they come from (column source)",
        columns={"prompt": "forbidden_prompt", "stratum": "category"},
        group="harmful",
    ),
    # https://github.com/centerforaisafety/HarmBench, in data/behavior_datasets: harmbench_behaviors_text_all.csv (and
    # _test, _val): Behavior, FunctionalCategory, SemanticCategory, Tags, ContextString, BehaviorID. The multimodal file
    # has ImageFileName in place of ContextString.
    "harmbench": Preset(
        title="HarmBench",
        source="https://github.com/centerforaisafety/HarmBench (harmbench_behaviors_text_all.csv)",
        licence="MIT",
        columns={
            "prompt": "Behavior",
            "item": "BehaviorID",
            "context": "ContextString",
            "stratum": "SemanticCategory",
        },
        group="harmful",
        left_out=(
            LeftOut("ImageFileName", re.compile(r".+", re.DOTALL), "need an image (ImageFileName)"),
            LeftOut("Tags", re.compile(r".*\bmultimodal\b.*", re.DOTALL), "need an image (Tags)"),
            LeftOut("FunctionalCategory", re.compile("multimodal"), "need an image (FunctionalCategory)"),
        ),
    ),
    # https://huggingface.co/datasets/allenai/wildguardmix, configuration wildguardtest: prompt, adversarial, response,
    # prompt_harm_label, response_refusal_label, response_harm_label, subcategory, and the labels' agreements. Where the
    # annotators did not agree, the label is empty.
    "wildguardtest": Preset(
        title="WildGuardTest",
        source="https://huggingface.co/datasets/allenai/wildguardmix (gated; configuration wildguardtest)",
        licence="ODC-BY, and AI2's responsible use guidelines",
        columns={
            "prompt": "prompt",
            "harmful": {"column": "prompt_harm_label", "equals": "harmful"},
            "stratum": "subcategory",
        },
        left_out=(LeftOut("prompt_harm_label", re.compile(""), "have no agreed label (prompt_harm_label)"),),
        hub="hf/allenai/wildguardmix",
        config="wildguardtest",
        split="test",
    ),
    # https://huggingface.co/datasets/sorry-bench/sorry-bench-202503 (and -202406), question.jsonl: question_id,
    # category, turns (a list of one), prompt_style. The hub's table holds 20 mutations of each base prompt as well.
    "sorry_bench": Preset(
        title="SORRY-Bench",
        source="https://huggingface.co/datasets/sorry-bench/sorry-bench-202503 (gated; question.jsonl)",
        licence="SORRY-Bench's own agreement, which forbids passing the prompts on",
        columns={"prompt": "turns", "item": "question_id", "stratum": "category"},
        group="harmful",
        left_out=(LeftOut("prompt_style", re.compile(r"(?!base$).+"), "are no base prompts (prompt_style)"),),
        hub="hf/sorry-bench/sorry-bench-202503",
    ),
    # https://github.com/mlcommons/ailuminate, airr_official_1.0_demo_en_us_prompt_set_release.csv (and the practice
    # sets): release_prompt_id, prompt_text, hazard, persona, locale, prompt_hash.
    "ailuminate": Preset(
        title="AILuminate",
        source="https://github.com/mlcommons/ailuminate (airr_official_1.0_demo_en_us_prompt_set_release.csv)",
        licence="CC-BY-4.0",
        columns={"prompt": "prompt_text", "item": "release_prompt_id", "stratum": "hazard"},
        group="harmful",
    ),
}
"""By the name that a study file gives as ``preset``."""
