"""What Inspect finds of StageLens, through the entry point group ``inspect_ai``: importing a name registers it."""

from stagelens.agents.loop import bash_agent
from stagelens.agents.scripted import ScriptedModel
from stagelens.benchmarks.safety.task import safety
from stagelens.models.provider import LocalModel

__all__ = ["LocalModel", "ScriptedModel", "bash_agent", "safety"]
