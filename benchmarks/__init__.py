"""How fast the house is, as ratios: ours against a floor or a peer, in the same run.

A module named in `__main__.MODULES` has `async def rows(bench: Bench) -> list[Row]`.
"""
