"""What can be said, and who may hear it when."""
