"""What people see in a browser; reads through queries, decides nothing."""
