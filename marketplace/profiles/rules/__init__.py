"""The pure part: working days, deadlines with their reasons, parameters of a rule profile."""
