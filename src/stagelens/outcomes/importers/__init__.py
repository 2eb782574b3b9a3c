"""Other people's results as outcome tables; what was left out, and why, is told beside."""
