"""Every event the house can say, one file per room; the docstring of each is its documentation."""
