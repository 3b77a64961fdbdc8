"""Features: pure functions of named quantities, and the engine that computes them."""
