"""The record of a trial in the embedded account's S3: made room for, compared with its folder, taken away."""

import shutil
from typing import Any

from lib.record.records import COPIES, DRAFT, Run
from lib.settings import Settings
from rehearsal.account import clients
from rehearsal.fault_matrix.operations import BUCKET, PREFIX


def make(settings: Settings) -> None:
    """The bucket of the record's store."""
    _s3(settings).create_bucket(Bucket=BUCKET)


def store_differences(run: Run) -> str:
    """Which files of a sealed record are others in its store, or only on one side; "" where none is."""
    record, s3, stored = run.record, _s3(run.settings), _keys(run)
    theirs = {name: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for name, key in stored.items()}
    ours = {
        path.relative_to(record.folder).as_posix(): path.read_bytes()
        for path in record.folder.rglob("*")
        if path.is_file() and not path.name.startswith(DRAFT)
    }
    names = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    sides = {name: "folder" if name not in theirs else "store" if name not in ours else "both" for name in names}
    return "; ".join(f"{name} ({side})" for name, side in sides.items())


def clear(run: Run) -> None:
    """Take the record out of its store, and what was copied from there."""
    for key in _keys(run).values():
        _s3(run.settings).delete_object(Bucket=BUCKET, Key=key)
    shutil.rmtree(run.record.folder.parent / COPIES, ignore_errors=True)


def _keys(run: Run) -> dict[str, str]:
    place = f"{PREFIX}/{run.settings.environment}/{run.record.run_id}/"
    pages = _s3(run.settings).get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=place)
    return {item["Key"].removeprefix(place): item["Key"] for page in pages for item in page.get("Contents", [])}


def _s3(settings: Settings) -> Any:  # noqa: ANN401 - boto3 clients have no type
    return clients.client(settings.endpoint_url, "s3", settings.region)
