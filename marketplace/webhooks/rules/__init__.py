"""What must hold of webhooks: signatures, retries, who may hear what."""
