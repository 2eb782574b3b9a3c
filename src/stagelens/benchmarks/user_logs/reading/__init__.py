"""From files of users' logs to the prompts that every stage is asked: no model, no Inspect."""

from stagelens.benchmarks.user_logs.reading.prompts import Counts, LoggedPrompt, Logs
from stagelens.benchmarks.user_logs.reading.read import read_logs
from stagelens.benchmarks.user_logs.reading.settings import LogSettings

__all__ = ["Counts", "LogSettings", "LoggedPrompt", "Logs", "read_logs"]
