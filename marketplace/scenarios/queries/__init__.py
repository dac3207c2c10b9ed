"""What the scenarios room can answer: calls, batches, suspensions, enquiries, those who follow."""
