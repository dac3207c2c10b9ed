"""Drawings of how sure a ranking is: SVG made from the stored documents and nothing else.

No script, no font to fetch, whole coordinates: the same documents are the same bytes.  `canvas`
knows how to draw, `ranks`, `weights` and `judges` know what.
"""
