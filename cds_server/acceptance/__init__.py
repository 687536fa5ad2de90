"""What became of the cards: how often they were shown, taken, changed, set aside, and why."""
