"""Judges that err: how far they agree, what human labels say of them, how wrong they must be to matter."""
