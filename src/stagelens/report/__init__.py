"""Show: the HTML report, its pictures and tables, and the terminal view. Decides nothing."""
