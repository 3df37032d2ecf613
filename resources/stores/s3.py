"""A bucket of S3, or of a server that speaks its protocol.

Endpoint, region and credentials come from AWS' own environment variables, such as
`AWS_ENDPOINT_URL` and `AWS_ACCESS_KEY_ID`, or from the role of the host or the pod. What a server
says is never quoted, except its error's code.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from typing import IO, Any

from resources.errors import TransientError
from resources.stores.store import Removal

SCHEME = "s3://"
AWS = "AWS_"
"""What the names of AWS' variables begin with."""
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
PATIENCE = {"connect_timeout": "10s", "timeout": "60s"}
"""Of one request, whole; a file above PART goes in several."""
RETRIES: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=60)}
PART = 5 * 1024**2
"""Bytes: S3's smallest part."""
PARTS_AT_ONCE = 3

RIGHTS = "s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket"
DENIED = f"access is denied: its credentials need {RIGHTS} there"
KEY = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY aren't accepted: correct them"
EXPIRED = "the credentials have expired: give others (AWS_SESSION_TOKEN)"
REGION = "it is in another region: correct AWS_REGION"
REFUSED = "the store refuses it"
NO_CREDENTIALS = (
    "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the host a "
    "role"
)
FORKED = (
    "its client was used before this process was forked, and would hang here: a fault of Callhouse"
)
PROXIES = ("https_proxy", "http_proxy", "all_proxy")
HALF_A_KEY = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both, or neither"
BUSY = "the store is overloaded or in trouble: it is tried again with the next poll"
ADVICE: Mapping[str, str] = {
    "NoSuchBucket": "there is no such bucket: create it, or correct the URL",
    "InvalidBucketName": "that is no name of a bucket: correct the URL",
    "AccessDenied": DENIED,
    "AllAccessDisabled": DENIED,
    "InvalidAccessKeyId": KEY,
    "SignatureDoesNotMatch": KEY,
    "ExpiredToken": EXPIRED,
    "InvalidToken": EXPIRED,
    "TokenRefreshRequired": EXPIRED,
    "RequestTimeTooSkewed": "this host's clock and the store's disagree: set the one that is wrong "
    "(NTP)",
    "PermanentRedirect": REGION,
    "TemporaryRedirect": REGION,
    "AuthorizationHeaderMalformed": REGION,
    "IllegalLocationConstraintException": REGION,
    "SlowDown": BUSY,
    "ServiceUnavailable": BUSY,
    "InternalError": BUSY,
    "QuotaExceeded": "the bucket is full: make room, or raise its quota",
    "XMinioStorageFull": "the store's disk is full: make room",
    "EntityTooLarge": "the file is larger than the store takes",
}
"""By the code of a server's error."""
NO_STORE = (
    "what answers is no store of S3: correct AWS_ENDPOINT_URL, which must lead straight to it"
)
OF_STATUS = {
    301: REGION, 307: REGION, 403: DENIED, 404: NO_STORE, 429: BUSY,
    500: BUSY, 502: BUSY, 503: BUSY,
}  # fmt: skip
ABSENT = "NoSuchKey"
"""What says that a file isn't there; with any other code the bucket isn't, or that is no store."""
UNTRUE = f"it is said to be done, and isn't: {NO_STORE}"
"""A page for logging in says so, for example: the client follows redirects."""
BROKEN = {
    "token file": "its role's token can't be read: correct AWS_WEB_IDENTITY_TOKEN_FILE",
    "configured region": REGION,
    "invalid peer certificate": "its certificate isn't accepted: name its CA in AWS_CA_BUNDLE",
    "kind: Timeout": "no answer in time",
    "kind: Connect": "nothing answers",
}
"""By what the client says of a connection, the first that it says."""
PANIC = "pyo3_runtime"
"""Where the client's fault is at home that is no `Exception`."""
ODD_SETTINGS = "the client can't work with these settings: look at the variables AWS_…"
HOST_ROLES = ("169.254.169.254", "169.254.170.2", "169.254.170.23")
"""Where credentials are asked for that the environment doesn't have: by hosts, containers, pods."""


class Bucket:
    """Files below `s3://bucket/prefix`."""

    folder = None

    def __init__(self, url: str) -> None:
        """Raises ImportError, ValueError."""
        name, _, prefix = url.removeprefix(SCHEME).partition("/")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]+", name):
            raise ValueError(
                f"expected {SCHEME}bucket/prefix; endpoint and credentials come from "
                "AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        if _first_process() != os.getpid():
            raise ValueError(FORKED)
        self._name = name
        self._prefix = prefix.strip("/")
        parts = self._prefix.split("/") if self._prefix else []
        if {"", ".", ".."}.intersection(parts) or not prefix.isprintable():
            raise ValueError(
                f"{SCHEME}{name}/…: a prefix has no empty part, no `.`, no `..` and no control "
                "character"
            )
        self._store = _client(name, _environment())

    def put(self, file: IO[bytes], path: str, kind: str) -> str:
        import obstore

        key = self._key(path)
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        with self._named(key):
            obstore.put(
                self._store,
                key,
                _readable(file),
                attributes={"Content-Type": kind},
                chunk_size=PART,
                max_concurrency=PARTS_AT_ONCE,
            )
        found = self._head(key)
        if found is None or found["size"] != size:
            raise TransientError(f"{self._uri(key)}: {UNTRUE}")
        return self._uri(key)

    def write(self, content: bytes, path: str, kind: str) -> str:
        import obstore

        key = self._key(path)
        with self._named(key):
            obstore.put(self._store, key, content, attributes={"Content-Type": kind})
        return self._uri(key)

    def read(self, path: str) -> bytes | None:
        import obstore

        key = self._key(path)
        with self._named(key):
            try:
                return bytes(obstore.get(self._store, key).bytes())
            except FileNotFoundError as error:
                if _code(str(error)) != ABSENT:
                    raise
                return None

    def exists(self, path: str) -> bool:
        return self._head(self._key(path)) is not None

    def remove(self, path: str) -> Removal:
        """S3 says the same of what isn't there: it is looked for before, and after."""
        import obstore

        key = self._key(path)
        found = self._head(key)
        if found is None:
            return Removal.NOT_THERE
        with self._named(key):
            obstore.delete(self._store, key)
        if found["version"] not in (None, "null"):
            return Removal.VERSION_STAYS
        if self._head(key) is not None:
            raise TransientError(f"{self._uri(key)}: {UNTRUE}")
        return Removal.DELETED

    def _head(self, key: str) -> Any:
        """What is known of a file; None: it isn't there."""
        import obstore

        with self._named(key):
            with suppress(FileNotFoundError):
                return obstore.head(self._store, key)
            # An answer to HEAD has no body to say what isn't there: the file, or the bucket.
            try:
                return obstore.get(self._store, key).meta
            except FileNotFoundError as error:
                if _code(str(error)) != ABSENT:
                    raise
                return None

    def _key(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path

    def _uri(self, key: str) -> str:
        return f"{SCHEME}{self._name}/{key}"

    @contextmanager
    def _named(self, key: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise TransientError(f"{self._uri(key)}: {_advice(str(error))}") from None
        except BaseException as error:
            if type(error).__module__ != PANIC:
                raise
            raise TransientError(f"{self._uri(key)}: {ODD_SETTINGS}") from None


def _environment() -> tuple[tuple[str, str], ...]:
    """AWS' variables. An empty one is as none: the client would take it for a value."""
    for name in [name for name, value in os.environ.items() if name.startswith(AWS) and not value]:
        del os.environ[name]
    return tuple(sorted((k, v) for k, v in os.environ.items() if k.startswith(AWS)))


@lru_cache(maxsize=1)
def _first_process() -> int:
    """Which process uses the client: this one, or one that has forked it."""
    return os.getpid()


@lru_cache(maxsize=8)
def _client(bucket: str, environment: tuple[tuple[str, str], ...]) -> Any:
    """A bucket's client, anew when the environment has changed. Not to be used before a fork."""
    try:
        from obstore.exceptions import BaseError
        from obstore.store import S3Store
    except ImportError:
        raise ImportError(
            f"{SCHEME}… needs a package that isn't here (the extra `s3`): pip install obstore"
        ) from None
    of = dict(environment)
    region = next((of[name] for name in REGIONS if of.get(name)), "us-east-1")
    endpoint = next((of[name] for name in ENDPOINTS if of.get(name)), None)
    options: Any = {**PATIENCE, "allow_http": True}
    if bundle := of.get("AWS_CA_BUNDLE"):
        options["root_certificate"] = _certificates(bundle)
    config: Any = {"region": region, "disable_bulk_delete": True}
    if endpoint:
        if not re.match(r"https?://[^/]", endpoint):
            raise ValueError("AWS_ENDPOINT_URL: expected https://host, or http://host:port")
        config["endpoint"] = endpoint.rstrip("/")
    try:
        return S3Store(bucket, config=config, client_options=options, retry_config=RETRIES)
    except BaseError as error:
        is_half = re.search("Missing(AccessKeyId|SecretAccessKey)", str(error))
        raise ValueError(HALF_A_KEY if is_half else ODD_SETTINGS) from None


def _certificates(bundle: str) -> bytes:
    try:
        with open(bundle, "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError as error:
        raise ValueError(f"AWS_CA_BUNDLE: {error.strerror}") from None


def _code(text: str) -> str | None:
    found = re.search(r"<Code>(\w{1,64})</Code>", text)
    return found[1] if found else None


def _advice(text: str) -> str:
    """What to do, for what the client says of a request."""
    if any(f"//{host}" in text for host in HOST_ROLES):
        return NO_CREDENTIALS
    if code := _code(text):
        return ADVICE.get(code, REFUSED) + f" ({code})"
    if status := re.search(r"status(?: code)?: (\d{3})", text):
        return OF_STATUS.get(int(status[1]), REFUSED) + f" (HTTP {status[1]})"
    broken = (what for sign, what in BROKEN.items() if sign in text)
    return f"{next(broken, 'the connection broke')} ({_endpoint()})"


def _endpoint() -> str:
    """Where it was asked for, and by what way, without what these may hold of secrets."""
    proxies = [name for name, value in os.environ.items() if value and name.lower() in PROXIES]
    way = f"; by way of {' or '.join(proxies)}, unless NO_PROXY names it" if proxies else ""
    name = next((name for name in ENDPOINTS if os.environ.get(name)), None)
    if name is None:
        return f"AWS, as AWS_ENDPOINT_URL names no other server{way}"
    return f"{name} is {re.sub(r'//[^/@]*@', '//', os.environ[name]).partition('?')[0]}{way}"


def _readable(file: IO[bytes]) -> Any:
    """Obstore's typing wants a file of a narrower kind."""
    return file
