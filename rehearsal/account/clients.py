"""boto3 clients of the embedded account, with placeholder keys. Never looks at anyone's AWS profile or credentials."""

import functools
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from rehearsal.account.server import loopback_only

PLACEHOLDER = "rehearsal"


@functools.lru_cache(maxsize=128)
def client(endpoint: str, service: str, region: str = "us-east-1") -> Any:  # noqa: ANN401 - boto3 clients have no type
    """A client for one service. Raises Refused for an endpoint that is not on this machine."""
    config = Config(
        ignore_configured_endpoint_urls=True,
        inject_host_prefix=False,
        proxies={},
        retries={"mode": "standard", "total_max_attempts": 3},
        s3={"addressing_style": "path"},
        max_pool_connections=32,
        connect_timeout=5,
        read_timeout=60,
    )
    return _session(region).client(service, endpoint_url=loopback_only(endpoint), config=config)


@functools.lru_cache(maxsize=4)
def _session(region: str) -> boto3.session.Session:
    # No environment variable and no file of the person's own decides anything here, not even a profile that is missing.
    nothing: dict[str, Any] = {"profile": (None, [], None, None), "config_file": (None, [], "/dev/null", None)}
    return boto3.session.Session(
        aws_access_key_id=PLACEHOLDER,
        aws_secret_access_key=PLACEHOLDER,
        region_name=region,
        botocore_session=botocore.session.Session(session_vars=nothing),
    )
