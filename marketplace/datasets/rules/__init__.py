"""What must hold of data: manifests, moves, ranges, formats and profiles; no database."""
