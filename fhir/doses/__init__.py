"""What was given: administrations, infusions in steps, and the same dose charted twice."""
