"""Turns audit seeds into frozen single-prompt dilemmas: an auditor model writes each once, another question filters."""
