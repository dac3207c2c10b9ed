"""What a user of the marketplace may take home: it imports nothing of the server."""
