"""What is asked beside the score: over time, with a few shots, told less."""
