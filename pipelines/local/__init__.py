"""Callhouse on one machine: the processes that `up` starts, watches and ends."""
