"""The rules of the lint by subject; `rules/lint` puts them in order."""
