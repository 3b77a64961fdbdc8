"""Speed as ratios: ours beside the peer or the floor, measured in one run. Never part of the tests."""
