"""Addresses that a secret may be sent to."""

from urllib.parse import SplitResult

LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "::1"}
"""This machine: nothing of what is sent there travels."""


def is_safe(address: SplitResult) -> bool:
    """Whether it is https, or http on this machine: a token never travels in clear."""
    is_here = address.scheme == "http" and address.hostname in LOOPBACK_HOSTS
    return address.scheme == "https" or is_here
