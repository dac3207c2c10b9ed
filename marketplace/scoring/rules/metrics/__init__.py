"""The registry of metrics: each with its formula, source, direction, range, and exact digits."""
