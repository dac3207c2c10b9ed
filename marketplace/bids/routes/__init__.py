"""The door of the bids room."""
