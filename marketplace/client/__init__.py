"""What a user of the marketplace may take home: it imports the tools of `kit` and no room."""
