"""Where the pocket world's agents work. Split for good, like its things: held-out places are only ever asked about."""

from __future__ import annotations

from typing import Final

PLACES: Final = (
    "Ashford", "Barlow", "Castleton", "Denby", "Elmstead", "Farnham", "Grafton", "Hadley", "Ilkley", "Jarrow", "Kelso",
    "Lowick", "Marlow", "Norton", "Oakham", "Preston", "Quorn", "Radley", "Selby", "Tarring", "Upwell", "Verwood",
    "Walton", "Yarm", "Brampton", "Clifton", "Dalton", "Eaton", "Felton", "Hilton", "Kirkby", "Langley", "Melton",
    "Newby", "Otley", "Penrith", "Ripley", "Shipton", "Thornby", "Wetherby",
)  # fmt: skip

HELD_OUT_PLACES: Final = ("Alderby", "Birchwood", "Cranfield", "Dunmore", "Easterly")
