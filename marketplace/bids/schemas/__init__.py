"""The shapes of the bids room on the wire."""
