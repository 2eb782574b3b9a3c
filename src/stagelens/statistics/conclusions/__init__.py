"""What the contrasts of a measure add up to: established by, cause, shares, claims, and the sentences."""
