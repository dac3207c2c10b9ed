"""The doors to datasets."""
