"""What makes a call a lawful and decidable one."""
