"""What a design can show before the data are there, and what may be concluded while they come in."""
