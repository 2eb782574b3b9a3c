"""The truth about an organism: what its checkpoints do on fresh prompts, told by the grammar of the world they know."""
