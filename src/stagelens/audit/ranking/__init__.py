"""Which examples of one source carry a measure: rankings, and how each is judged by retraining."""
