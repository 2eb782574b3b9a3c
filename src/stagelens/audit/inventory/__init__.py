"""What a stage is trained on: every example with its source, size and tags; a table a source; what is never covered."""
