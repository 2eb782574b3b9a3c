"""User logs: what users asked, replayed to every stage, and which behaviours the answers show."""

from stagelens.benchmarks.user_logs.benchmark import UserLogs

__all__ = ["UserLogs"]
