"""Which data of a stage's mixture carry a measure: shown by training without them."""
