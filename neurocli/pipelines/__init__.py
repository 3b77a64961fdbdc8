"""The YAML, the five stages, the plan and the keys."""
