"""What the custody room can do: register keys, make lockboxes, take shares back."""
