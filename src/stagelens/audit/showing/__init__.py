"""An audit for people: in a terminal."""
