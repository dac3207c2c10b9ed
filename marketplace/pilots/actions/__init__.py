"""What the pilots room can do: run pilots, judge milestones, settle claims."""
