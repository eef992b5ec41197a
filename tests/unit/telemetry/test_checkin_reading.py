"""Before check-ins are read, a bucket that is missing is an error in words."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from checkin_buckets import END, START, Bucket, of

from lib.errors import NotAsWanted
from lib.telemetry import checkins


def test_a_missing_bucket_is_an_error_in_words() -> None:
    class Gone(Bucket):
        def list_objects_v2(self, **_asked: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "NoSuchBucket", "Message": "gone"}}, "ListObjectsV2")

    with pytest.raises(NotAsWanted, match=r"reading check-ins from your6-checkins-000000000000: .*NoSuchBucket"):
        checkins.history(checkins.outlook(of(Gone({})), START, END))
