"""One module a contender, each run as `python -m bench.contenders.<name> <task>`.

Peers' modules import nothing of Callhouse: their environment hasn't got it.
"""
