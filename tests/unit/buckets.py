"""An S3 in a dictionary, and the machines whose record is kept there, for tests of a record and its store."""

import hashlib
import io
from types import SimpleNamespace

from botocore.exceptions import ClientError, EndpointConnectionError, IncompleteReadError

from lib.record import records, sealing, writers
from lib.record.records import LOG, VERDICT, Record, Run
from lib.record.stored import sync
from lib.resources.s3_record_store import RunStore
from lib.settings import load


class Broken(io.BytesIO):
    """A body that breaks off before its end."""

    def read(self, *_):
        raise IncompleteReadError(actual_bytes=1, expected_bytes=len(self.getvalue()))


class FakeS3:
    """Objects, conditional puts and ETags as S3 has them; and what goes wrong."""

    def __init__(self, kms=False):
        self.objects, self.kms, self.down, self.puts = {}, kms, False, []
        self.refuses, self.breaks = set(), set()  # keys that may not be read, and whose body breaks off
        self.code = self.lost = ""
        self.answers = 10**6  # and then no more

    def etag(self, data):
        return hashlib.md5((b"kms" if self.kms else b"") + data).hexdigest()

    def _answer(self, operation):
        self.answers -= 1
        if self.down or self.answers < 0:
            raise EndpointConnectionError(endpoint_url="s3")
        if self.code:
            raise ClientError({"Error": {"Code": self.code}}, operation)

    def put_object(self, Bucket, Key, Body, IfMatch=None, IfNoneMatch=None):  # noqa: N803
        self._answer("PutObject")
        there = self.objects.get(Key)
        if IfMatch and there is None:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "PutObject")
        if (IfNoneMatch and there is not None) or (IfMatch and IfMatch != f'"{self.etag(there)}"'):
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        if self.lost != "row":
            self.objects[Key] = Body
        self.puts.append(Key.rsplit("/", 1)[-1])
        if self.lost == "answer":  # carried out, and repeated by botocore, whose condition does not hold any more
            self.lost = ""
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        return {"ETag": f'"{self.etag(Body)}"'}

    def get_object(self, Bucket, Key):  # noqa: N803
        self._answer("GetObject")
        if Key in self.refuses:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        body = Broken(self.objects[Key]) if Key in self.breaks else io.BytesIO(self.objects[Key])
        return {"Body": body, "ETag": f'"{self.etag(self.objects[Key])}"'}

    def get_paginator(self, operation):
        assert operation == "list_objects_v2"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, Bucket, Prefix):  # noqa: N803
        self._answer("ListObjectsV2")
        found = [key for key in sorted(self.objects) if key.startswith(Prefix)]
        for start in range(0, max(1, len(found)), 2):
            rows = [{"Key": key, "ETag": f'"{self.etag(self.objects[key])}"'} for key in found[start : start + 2]]
            yield {"Contents": rows} if rows else {}


RUN = "20260101T000000Z-aaaa"


class Machine:
    """One machine's folder of a run, and the store as its process knows it."""

    def __init__(self, s3, folder):
        self.s3, self.folder = s3, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self):
        """A new process, which has not brought anything together yet."""
        live = SimpleNamespace(client=lambda service: self.s3, settings=load("local"))
        self.shelf = RunStore(live, "bucket", f"p/local/{RUN}/", RUN)
        self.record = Record(self.folder, RUN, self.shelf)
        writers.leave(self.folder)
        records.open_to_write(Run(load("local"), self.record))

    def again(self):
        """A new process that goes on with the run."""
        self.start()
        sync.synchronise(self.record, self.shelf)
        return self.record

    def file(self, name):
        return (self.folder / name).read_bytes()


def row(name, state="intended", **more):
    return {"name": name, "state": state, **more}


def in_store(s3, name=LOG):
    return s3.objects.get(f"p/local/{RUN}/{name}", b"")


def a_run(machine):
    """A run that was cut in phase 03, with files of every sort."""
    record = machine.again()
    record.log_call({"time": "T1", "operation": "A"})
    record.append(LOG, row("a"))
    record.append(LOG, row("a", "applied"))
    record.append("checks.jsonl", {"n": 1})
    record.keep_json("backup/workflow.json", {"definition": "ü"})
    record.write_json(VERDICT, {"verdict": "running", "ended": "T1"})
    (machine.folder / "01_x.by-hand.ipynb").write_text("whole")
    sealing.seal(record, closing=False)
    return record


def run_says(record, ended, closing):
    record.write_json(VERDICT, {"run_id": RUN, "verdict": "running", "ended": ended})
    sealing.seal(record, closing)
