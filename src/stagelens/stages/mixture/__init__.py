"""What a stage is trained on: sources read row by row, and a deterministic draw from them.

``read`` goes through every source once: it checks each row, hashes what it reads and keeps where the rows
stand, not the rows. ``draw`` decides from the counts alone which rows come in which order, and reads those.
"""

from stagelens.stages.mixture.content import Content, Row, fingerprint, without
from stagelens.stages.mixture.draw import draw, shares
from stagelens.stages.mixture.reading import read, read_source
from stagelens.stages.mixture.texts import characters

__all__ = ["Content", "Row", "characters", "draw", "fingerprint", "read", "read_source", "shares", "without"]
