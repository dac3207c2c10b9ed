"""What the webhook room can do: look after endpoints, fan events out, deliver."""
