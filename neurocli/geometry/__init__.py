"""Geometry of symmetric positive definite matrices: arrays in, arrays out; features and models both stand on it."""
