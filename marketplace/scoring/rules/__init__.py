"""What must hold in scoring: exact arithmetic on frozen values, no clock, no chance."""
