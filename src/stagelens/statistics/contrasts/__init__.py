"""Two stages compared: the evidence of their pairs, levels, the verdict word, corrections for multiplicity."""
