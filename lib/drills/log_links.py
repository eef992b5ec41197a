"""Where a person sees a log stream, in the console of its partition. Calls nothing."""

from urllib.parse import quote

from lib.aws import Live

CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def link(live: Live, group: str, stream: str) -> str:
    """Where a person sees a log stream: in the console of its partition and region; where none is known, its name."""
    s = live.settings
    if s.partition not in CONSOLES:
        return f"{group} {stream}"
    group, stream = (quote(quote(part, safe=""), safe="").replace("%", "$") for part in (group, stream))
    place = f"https://{s.region}.{CONSOLES[s.partition]}/cloudwatch/home?region={s.region}"
    return f"{place}#logsV2:log-groups/log-group/{group}/log-events/{stream}"
