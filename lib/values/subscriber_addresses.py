"""Who is paged: the address as the parameters name it, as SNS shows it, and as a record may hold it. No AWS, no files.

An address is a person's, and a webhook's URL often holds a key, so neither may stand in a record. A password may not
even stand in the parameters.
"""

import html
import json
import re
from enum import StrEnum
from urllib.parse import SplitResult, quote, urlsplit


class Protocol(StrEnum):
    """By what SNS reaches who is paged."""

    EMAIL = "email"
    SMS = "sms"
    HTTPS = "https"
    HTTP = "http"
    SQS = "sqs"


EXPECTED = {
    Protocol.EMAIL: "name@host",
    Protocol.SMS: "+ and 7 to 15 digits",
    Protocol.HTTP: "http://host...",
    Protocol.HTTPS: "https://host...",
    Protocol.SQS: "the ARN of a standard queue, arn:{partition}:sqs:<region>:<account>:<queue>",
}
EMAIL = r"[^@\s:]+@[^@\s:/?#]+\.[^@\s:/?#]+"  # no URL is one, whatever stands before its host
PHONE = r"\+\d{7,15}"
NEXT_DIGIT = r"(?:[\s().\-/]{0,2}\d)"  # of a phone number, as people write one
ADDRESS_LIKE = re.compile(rf"\d{NEXT_DIGIT}{{6,}}|://[^/\s]+/\S")  # a phone number, a URL that holds a key
QUEUE = r"arn:{partition}:sqs:[a-z0-9-]+:\d{{12}}:[A-Za-z0-9_-]{{1,80}}"
WEB = (Protocol.HTTP, Protocol.HTTPS)
PORTS: dict[str, int] = {Protocol.HTTP: 80, Protocol.HTTPS: 443}
# Of a URL, what is at least so long may be a key.
KEY_LENGTH, PATH_LENGTH = 8, 16
HIDDEN = "***"


def trouble(protocol: Protocol, endpoint: str, partition: str) -> str:
    """Why nobody in this partition of AWS can be paged at this address, without telling it, or ""."""
    if protocol in WEB and _secret(endpoint):
        return (
            "the URL holds a password, and no parameter may hold a secret: subscribe it by hand, "
            "and name it here as SNS shows it, https://user:****@host/..."
        )
    good = {
        Protocol.EMAIL: re.fullmatch(EMAIL, endpoint),
        Protocol.SMS: re.fullmatch(PHONE, _digits(endpoint)),
        Protocol.SQS: re.fullmatch(QUEUE.format(partition=partition), endpoint),
        **{web: _is_url(endpoint, web) for web in WEB},
    }[protocol]
    shown = repr(endpoint if endpoint.startswith("arn:") else mask(endpoint))
    return (
        ""
        if good
        else f"found {shown}; the {protocol} protocol expects {EXPECTED[protocol].format(partition=partition)}"
    )


def hides_password(endpoint: str) -> bool:
    """Whether this is a URL as SNS shows it, `https://user:****@host`: it is found, but nobody can subscribe it."""
    url = _split(endpoint)
    return _is_masked(url.password) or _is_masked(url.username)


def as_dialled(protocol: str, endpoint: str) -> str:
    """The address as SNS takes it: of a phone number +, and digits alone."""
    return _digits(endpoint) if protocol == Protocol.SMS else endpoint


def same(protocol: str, ours: str, shown: str) -> bool:
    """Whether SNS means our address by what it shows: it writes phone numbers its own way, and masks passwords."""
    if ours == shown:
        return True
    if protocol in (Protocol.EMAIL, "email-json"):
        return ours.casefold() == shown.casefold()
    if protocol == Protocol.SMS:
        return _digits(ours) == _digits(shown)
    return protocol in WEB and _same_url(_split(ours), _split(shown))


def mask(contact: str) -> str:
    """`name@host` -> `n***@host`; anything else, also a URL with an @ in it, keeps its first two characters."""
    name, _, host = contact.partition("@")
    return f"{name[:1]}{HIDDEN}@{host}" if re.fullmatch(EMAIL, contact) else f"{contact[:2]}{HIDDEN}"


def hide_address(text: str) -> str:
    """What an error may say of something given in the wrong place: nothing that may be somebody's address."""
    return mask(text) if "@" in text or ADDRESS_LIKE.search(text) else text


def mask_address(text: str, endpoint: str) -> str:
    """The text without this address, however it is written there: escaped, in other letters, or its key alone."""
    if not endpoint:
        return text
    forms = {_digits(endpoint)} if re.fullmatch(PHONE, _digits(endpoint)) else set()
    for form in sorted({*_written(endpoint), *forms}, key=len, reverse=True):
        text = re.sub(re.escape(form), lambda _: mask(endpoint), text, flags=re.IGNORECASE)
    for key in sorted(_keys(endpoint), key=len, reverse=True):
        for form in _written(key):
            text = text.replace(form, HIDDEN)
    return text


def _written(text: str) -> set[str]:
    return {text, html.escape(text), html.escape(text, quote=False), quote(text, safe=""), json.dumps(text)[1:-1]}


def _keys(endpoint: str) -> set[str]:
    """What of a URL opens it without the rest: path and query, and each long piece of them."""
    if "://" not in endpoint:
        return set()
    url = _split(endpoint)
    rest = url.path + (f"?{url.query}" if url.query else "")
    pieces = {piece for piece in (rest, *url.path.split("/")) if len(piece) >= PATH_LENGTH}
    return pieces | {value for part in url.query.split("&") if len(value := part.partition("=")[2]) >= KEY_LENGTH}


def _digits(phone: str) -> str:
    """+15550100 of `+1 (555) 01-00`; anything else stays as it is."""
    return re.sub(r"[\s().\-]", "", phone) if phone.startswith("+") else phone


def _secret(endpoint: str) -> bool:
    """Whether a URL names a password that is not hidden; a user without one, or with an empty one, may be a key."""
    url = _split(endpoint)
    named = url.password or url.username
    return bool(named) and not _is_masked(named)


def _is_masked(text: str | None) -> bool:
    return bool(text) and set(str(text)) == {"*"}


def _is_url(endpoint: str, protocol: str) -> bool:
    url = _split(endpoint)
    return url.scheme.lower() == protocol and bool(url.hostname) and not re.search(r"\s", endpoint)


def _split(endpoint: str) -> SplitResult:
    """The URL's parts; of what is none, no part."""
    try:
        parts = urlsplit(endpoint)
        _ = parts.port  # asked for here, since it may raise as well
    except ValueError:
        return urlsplit("")
    return parts


def _same_url(ours: SplitResult, shown: SplitResult) -> bool:
    def place(url: SplitResult) -> tuple[object, ...]:
        scheme = url.scheme.lower()
        return scheme, url.hostname, url.port or PORTS.get(scheme), url.path or "/", url.query, url.fragment

    users = {url.username for url in (ours, shown) if url.username and not _is_masked(url.username)}
    hidden = any(_is_masked(url.password) or _is_masked(url.username) for url in (ours, shown))
    same_user = len(users) <= 1 and (hidden or (ours.username, ours.password) == (shown.username, shown.password))
    return bool(ours.hostname) and place(ours) == place(shown) and same_user
