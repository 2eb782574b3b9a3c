"""Shows a run in a browser: from a verdict to the contrast, to the items that changed, to the two transcripts.

``run`` looks things up in a run folder, ``pages`` makes pages of them, ``routes`` says which address is which page, and
``server`` is the only module that speaks HTTP. Pages hold no scripts, and nothing in an address names a file.
"""
