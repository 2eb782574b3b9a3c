"""Dilemmas."""
