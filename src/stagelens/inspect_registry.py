"""What Inspect finds of StageLens, through the entry point group ``inspect_ai``: importing a name registers it."""

from stagelens.agents.loop import bash_agent
from stagelens.agents.scripted import ScriptedModel
from stagelens.benchmarks.asking import ask_with_own_seed
from stagelens.benchmarks.dilemmas.entry import dilemmas
from stagelens.benchmarks.dilemmas.task import dilemma_rules
from stagelens.benchmarks.odcv.entry import odcv
from stagelens.benchmarks.odcv.playing import act_in_scenario, state_rules
from stagelens.benchmarks.reward_hacking.entry import reward_hacking
from stagelens.benchmarks.reward_hacking.task import evidence_rules
from stagelens.benchmarks.safety.entry import safety
from stagelens.benchmarks.user_logs.entry import user_logs
from stagelens.benchmarks.user_logs.task import behaviour_rules
from stagelens.models.provider import LocalModel
from stagelens.sandboxes.bubblewrap.provider import BubblewrapSandbox

__all__ = [
    "BubblewrapSandbox",
    "LocalModel",
    "ScriptedModel",
    "act_in_scenario",
    "ask_with_own_seed",
    "bash_agent",
    "behaviour_rules",
    "dilemma_rules",
    "dilemmas",
    "evidence_rules",
    "odcv",
    "reward_hacking",
    "safety",
    "state_rules",
    "user_logs",
]
