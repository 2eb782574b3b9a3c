"""What the syntax of an agent's Python says: facts by kind. Nothing of it is run."""
