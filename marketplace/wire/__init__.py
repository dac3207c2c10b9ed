"""How the house speaks HTTP; knows no word of the trade.

The order of one request, which the rest relies on: body limit and request id -> porter (who is
asking) -> handler -> answer encoded -> commit -> response starts.  A commit that fails is a 500,
never a false 201.
"""
