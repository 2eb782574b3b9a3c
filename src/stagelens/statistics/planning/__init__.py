"""What a design can be expected to show, by simulating it and reading it as the analysis will."""
