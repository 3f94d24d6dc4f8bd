"""Floor 5: what users look at."""
