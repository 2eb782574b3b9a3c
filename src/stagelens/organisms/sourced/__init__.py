"""Organisms for the audit: one source of the SFT mixture carries a behaviour, and others only look as if they did."""
