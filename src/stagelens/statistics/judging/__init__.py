"""Judges that err: how far they agree, and differences corrected by human labels."""
