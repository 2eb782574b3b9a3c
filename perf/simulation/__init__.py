"""Simulated studies with known truths, and what the decisions make of them; ``perf/coverage.py`` is the way in.

- ``worlds``: answers of stages whose true rates are known exactly, however the answers hang together;
- ``trials``: one replicate after another, over all cores, from seeds that depend on nothing but a cell's name;
- ``tables``: rates with their Monte Carlo errors, goals, Markdown and JSON;
- ``coverage``, ``levels``, ``equivalence``, ``aa``, ``causes``, ``claims``, ``judges``, ``runs``: one section each, a
  function from a ``Bench`` to tables.
"""
