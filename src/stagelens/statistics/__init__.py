"""Pure functions from outcomes to verdicts; ``decide.decide`` is the way in, ``results`` and ``data`` are the types."""
