"""How a model acts: loops that hand it tools, and models that play a written script in its place."""
