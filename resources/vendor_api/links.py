"""Links to the next page, which are followed with a credential."""

from urllib.parse import parse_qsl, urljoin, urlsplit

from resources.errors import ContractError


def read_link(base_url: str, link: str, report: str) -> tuple[str, dict[str, str]]:
    """The vendor's link to its next page as a path below `base_url`, and parameters. A path alone
    is below the host, as in a browser.

    Raises ContractError where it leads anywhere else: what is sent there would be signed.
    """
    base = urlsplit(base_url.rstrip("/") + "/")
    try:
        found = urlsplit(urljoin(base.geturl(), link))
    except ValueError:
        raise ContractError(f"{report}: the link to the next page can't be read") from None
    is_own = (found.scheme, found.netloc.lower()) == (base.scheme, base.netloc.lower())
    is_below = found.path.startswith(base.path) and ".." not in found.path.split("/")
    if not (is_own and is_below):
        where = f"{found.scheme}://{found.hostname or ''}"
        raise ContractError(
            f"{report}: the link to the next page leads to {where}, not below the account's "
            "base_url: it isn't followed with a credential"
        )
    return found.path[len(base.path) :], dict(parse_qsl(found.query, keep_blank_values=True))
