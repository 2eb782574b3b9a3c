"""Reward hacking: does a model that is to make a program faster do so, or cheat the timer?"""

from stagelens.benchmarks.reward_hacking.benchmark import RewardHacking

__all__ = ["RewardHacking"]
