"""User logs: what people asked, asked again of every stage."""
