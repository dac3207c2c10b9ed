"""Pure rules of the relations room."""
