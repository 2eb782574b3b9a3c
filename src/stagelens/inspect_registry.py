"""What Inspect finds of StageLens, through the entry point group ``inspect_ai``: importing a name registers it."""

from stagelens.agents.loop import bash_agent
from stagelens.agents.scripted import ScriptedModel
from stagelens.benchmarks.safety.task import safety
from stagelens.models.provider import LocalModel
from stagelens.sandboxes.bubblewrap.provider import BubblewrapSandbox

__all__ = ["BubblewrapSandbox", "LocalModel", "ScriptedModel", "bash_agent", "safety"]
