"""What an account is and what an entry must satisfy; no database here."""
