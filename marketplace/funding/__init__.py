"""Where the money comes from: funding policies as dated data.

Cast.  A `FundingPolicy` is one version of one published policy with the figures its source states
and a list of what it leaves unsaid.  While anything needed is unstated it is inactive, and nothing
can be claimed under it.
"""
