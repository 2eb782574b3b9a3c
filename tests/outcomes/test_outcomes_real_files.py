"""Files that the tools themselves wrote, cut down: inspect_evals 0.26 (MIT) under Inspect 0.3.285, lm-eval 0.4.13."""

from __future__ import annotations

from pathlib import Path

from stagelens.analysis import analyze
from stagelens.outcomes.importers.inspect import import_inspect
from stagelens.outcomes.importers.lm_eval import import_lm_eval

REAL = Path(__file__).parent / "real"


def test_an_agent_task_of_inspect_evals_in_which_samples_failed() -> None:
    """The pocket family's SFT and production at `agent_threat_bench_autonomy_hijack`; their template lacks a field."""
    found = import_inspect([str(REAL / "inspect" / "sft"), str(REAL / "inspect" / "production")], cluster="attack_name")
    table = found.table
    assert table.select("stage", "stage_index").unique().sort("stage_index").rows() == [
        ("hf/sft", 0),
        ("hf/production", 1),
    ]
    assert set(table["measure"]) == {"agent_threat_bench_scorer_utility", "agent_threat_bench_scorer_security"}
    one = table.filter(stage="hf/sft", measure="agent_threat_bench_scorer_security").sort("item")
    assert one["status"].to_list() == ["scored", "scored", "unattempted", "unattempted", "scored", "unattempted"]
    assert set(one.filter(status="unattempted")["cause"]) == {"Object of type Undefined is not JSON serializable"}
    assert set(one.filter(status="scored")["value"]) == {1.0}
    assert table.filter(measure="agent_threat_bench_scorer_utility", status="scored")["value"].sum() == 0
    verdicts = [contrast.verdict for result in analyze(table).results for contrast in result.contrasts]
    assert verdicts == ["inconclusive"] * 2, "half the samples failed: what they would have been is not known"


def test_a_harness_run_of_three_kinds_of_task() -> None:
    """SmolLM2-135M, its weights noised and as they are: multiple choice, two sampled answers, perplexity."""
    found = import_lm_eval([f"sft={REAL / 'lm_eval' / 'sft'}", f"production={REAL / 'lm_eval' / 'production'}"])
    table = found.table
    assert set(table.select("benchmark", "measure").unique().rows()) == {
        ("tiny_answers", "exact_match_first"),
        ("tiny_answers", "exact_match_word"),
        ("tiny_choice", "acc"),
        ("tiny_choice", "acc_norm"),
    }
    answers = table.filter(benchmark="tiny_answers")
    assert set(answers["status"]) == {"incapable"}, "all of them are empty, and the harness graded them 0"
    assert set(table.filter(benchmark="tiny_choice")["status"]) == {"scored"}
    assert not table["higher_is_worse"].any()
    for said in ("brier_score has no single value", "word_perplexity has no single value", "4 document(s) is empty"):
        assert sum(said in note for note in found.notes) == 2
