"""Where a person sees a log stream, in the console of its partition, and how such a link is known again. Calls nothing.

It opens nothing to who has not logged in to the account, so it is shown whole where another URL is cut.
"""

import re
from urllib.parse import quote, unquote

CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
# As `_twice_quoted` writes one.
NAME = r"(?:[\w.~-]|\$25[0-9A-F]{2})+"
LINK = (
    rf"(?<![A-Za-z0-9+.-])https://(?P<region>[a-z0-9-]+)\.(?:{'|'.join(map(re.escape, CONSOLES.values()))})"
    rf"/cloudwatch/home\?region=(?P=region)#logsV2:log-groups/log-group/(?a:{NAME})/log-events/(?a:{NAME})"
    r"(?![^\s\"'<>\\,;|)\]}])"
)
PATTERN = re.compile(LINK)


def link(partition: str, region: str, group: str, stream: str) -> str:
    """Where a person sees a log stream: in the console of its partition and region; where none is known, its name."""
    if partition not in CONSOLES:
        return f"{group} {stream}"
    place = f"https://{region}.{CONSOLES[partition]}/cloudwatch/home?region={region}"
    return f"{place}#logsV2:log-groups/log-group/{_twice_quoted(group)}/log-events/{_twice_quoted(stream)}"


def names_in(link: str) -> str:
    """What a link says, as AWS names it: its group and its stream, no longer quoted."""
    return unquote(unquote(link.replace("$", "%")))


def _twice_quoted(name: str) -> str:
    return quote(quote(name, safe=""), safe="").replace("%", "$")
