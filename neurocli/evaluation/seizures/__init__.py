"""Scorers of detected and forecast seizures, side by side: none of them alone says how good a detector is."""
