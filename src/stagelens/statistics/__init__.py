"""Pure functions from outcomes to verdicts: arrays in, dataclasses out; ``decide.decide`` is the way in.

``data`` and ``results`` are the types. The rooms, each using only those before it:

- ``intervals``: limits and p values of one mean, of one rate, of a paired difference or ratio; variances over clusters;
- ``design``: planning before the data, and looks at them while they come in;
- ``judging``: judges that err: their agreement, their correction by human labels;
- ``contrasts``: two stages compared: evidence, levels, the verdict word, multiplicity;
- ``planning``: designs simulated, and read as the contrasts are;
- ``conclusions``: what the contrasts add up to: established by, cause, shares, claims, sentences.
"""
