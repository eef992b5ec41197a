"""The record of runs in S3, file by file as it happens. Writes nothing to AWS but the record.

An object is only ever put on the condition that it is new, or still what this machine last saw; so of two machines
that go on with one run, only one can. Its own calls are not in `calls.jsonl`, which is one of the files that it keeps.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from lib.aws import Live
from lib.aws_answers import error_code, readable
from lib.errors import Altered, RunbookError, Superseded, Unrecorded
from lib.record import command_lines, run_phases
from lib.record.records import LOG
from lib.record.seals import seal_chain
from lib.record.seals.manifest import MANIFEST, VERDICT
from lib.record.stored.sync import take, union
from lib.values.run_names import DRILLS

# The condition of a put did not hold: another object is there, or it changed at that moment, or it is gone.
NOT_AS_SEEN = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409", "404")
ATTEMPTS = 3


@dataclass(frozen=True)
class RunStore:
    """The files of one run, under `<prefix>/<environment>/<run_id>/`."""

    live: Live
    bucket: str
    prefix: str
    run_id: str
    seen: dict[str, str] = field(default_factory=dict)  # name -> ETag: what our next put replaces
    known: dict[str, str] = field(default_factory=dict)  # name -> SHA-256 of what is stored, as far as we know

    def put(self, name: str, path: Path) -> None:
        """Keep this file as it is now. Raises Superseded where another machine wrote it, Unrecorded without S3."""
        data = path.read_bytes()
        for _ in range(ATTEMPTS):
            if name == MANIFEST:
                data = self._with_their_seals(path.read_bytes())
                if self.known.get(name) == _sha(data):
                    return
            if self._put(name, data):
                return
            etag, stored = self._get(name)
            if stored is not None and not (stored == data or _may_go_on(name, data, stored)):
                break  # and what we last saw stays what our next put asks for
            self._remember(name, etag, stored)
            if stored == data:
                return  # our own put, repeated
            if name.endswith(".jsonl") and stored and not data.startswith(stored):
                # In the store's order, of which others may have sealed the beginning.
                data = stored + union(stored, data)
                take(path, data)
        raise self._superseded(name)

    def _superseded(self, name: str) -> Superseded:
        return Superseded(
            f"another machine went on with run {self.run_id}: {name} in {self.where} is not what this one last saw, so "
            "nothing more is written. Its status shows how far it is; leave it to that machine, or stop it and "
            f"`{self._go_on}`"
        )

    def _with_their_seals(self, ours: bytes) -> bytes:
        """Our manifest with the seals that other machines put there: none of them is ever replaced.

        Nor do ours go further ahead of the verdict than whoever reads the store takes for one that is on its way: also
        the first that are put there, where the store has missed several verdicts.
        """
        etag, theirs = self._get(MANIFEST)
        self._remember(MANIFEST, etag, theirs)
        try:
            there = seal_chain.from_text(theirs.decode()) if theirs is not None else None
            own = seal_chain.from_text(ours.decode())
            both = seal_chain.merge_seals(own, there) if there else own
            if (stored := self.known.get(VERDICT)) is not None:  # else nothing of ours is to follow these seals
                both = seal_chain.claimable_ahead(both, VERDICT, stored, len(there.seals) if there else 0)
            return ours if there is None and both == own else both.to_text().encode()
        except ValueError as error:
            where = f"{MANIFEST} in {self.where}"
            raise Altered(f"{where} is none that this runbook wrote ({error}); see who put it there") from error

    def put_all(self, chosen: Sequence[tuple[str, Path]]) -> None:
        """Keep these files, in this order, leaving out what is kept as it is."""
        stored = dict(self.stored(remember=False))
        for path in (path for name, path in chosen if name == VERDICT):
            self._require_own(VERDICT, path.read_bytes(), stored.get(VERDICT, ""))
        for name, path in chosen:
            data = path.read_bytes()
            etag = stored.get(name, "")
            ours = etag == self.seen.get(name) and self.known.get(name) == _sha(data)
            if etag and (ours or etag == _md5(data)):
                self._remember(name, etag, data)
            else:
                self.put(name, path)
                stored[name] = self.seen.get(name, "")

    def _require_own(self, name: str, ours: bytes, etag: str) -> None:
        """Raise Superseded before a seal of ours goes ahead of a file that another machine wrote meanwhile."""
        if not etag:
            self.known[name] = seal_chain.ABSENT
        if not etag or (etag == self.seen.get(name) and name in self.known):
            return
        now, stored = self._get(name)
        if stored is not None and stored != ours and now != self.seen.get(name):
            raise self._superseded(name)
        self._remember(name, now, stored)

    def stored(self, remember: bool = True) -> Mapping[str, str]:
        """The name and ETag of every file of this run."""
        with self._answering("listing"):
            etags = dict(_listed(self.live, self.bucket, self.prefix))
        if remember:
            self.seen.update(etags)
        return etags

    def read(self, name: str) -> bytes | None:
        """A file as it is now, which the next put may replace; None where there is none."""
        etag, data = self._get(name)
        self._remember(name, etag, data)
        return data

    def _get(self, name: str) -> tuple[str, bytes | None]:
        with self._answering(f"reading {name} from"):
            try:
                answer = self.live.client("s3").get_object(Bucket=self.bucket, Key=self.prefix + name)
            except ClientError as error:
                if error_code(error) not in ("NoSuchKey", "404"):
                    raise
                return "", None
            return _bare(answer["ETag"]), bytes(answer["Body"].read())

    @property
    def _go_on(self) -> str:
        """The log of drills is no run that could be resumed: it is gone on with by the next drill."""
        settings = self.live.settings
        drills = self.run_id == DRILLS
        return command_lines.runbook(settings, "drill") if drills else run_phases.way_on(settings, self.run_id)

    @property
    def without_it(self) -> str:
        """The command that undoes the run by this machine's record alone."""
        return command_lines.without_store(self.live.settings, "rollback", self.run_id)

    @property
    def where(self) -> str:
        """`s3://bucket/prefix/environment/run_id`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def _put(self, name: str, data: bytes) -> bool:
        """Whether the object was as we last saw it, and so was replaced."""
        seen = self.seen.get(name)
        condition = {"IfMatch": f'"{seen}"'} if seen else {"IfNoneMatch": "*"}
        with self._answering(f"putting {name} into"):
            try:
                answer = self.live.client("s3").put_object(
                    Bucket=self.bucket, Key=self.prefix + name, Body=data, **condition
                )
            except ClientError as error:
                if error_code(error) not in NOT_AS_SEEN:
                    raise
                return False
        self._remember(name, _bare(answer["ETag"]), data)
        return True

    def _remember(self, name: str, etag: str, data: bytes | None) -> None:
        self.seen.pop(name, None)
        self.known.pop(name, None)
        if data is not None:
            self.seen[name], self.known[name] = etag, _sha(data)

    @contextmanager
    def _answering(self, doing: str) -> Iterator[None]:
        try:
            with readable(f"{doing} {self.where}"):
                yield
        except RunbookError as error:
            raise Unrecorded(
                f"the record cannot be kept in its store ({error}), so nothing more is written; the record on this "
                f"machine is complete. When the store answers, `{self._go_on}`"
            ) from error


def _listed(live: Live, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    pages: Any = live.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for item in page.get("Contents", []):
            name = item["Key"].removeprefix(prefix)
            if name and not name.endswith("/"):  # the console's folders
                yield name, _bare(item["ETag"])


def _may_go_on(name: str, data: bytes, stored: bytes) -> bool:
    """Whether what is stored by now may be replaced: the changes only by more of the same, what was made never."""
    if name == LOG:
        return data.startswith(stored)  # another process of this machine added to it, and to ours
    return name == MANIFEST or name.endswith(".jsonl")  # the seals and the other logs are put together


def _bare(etag: str) -> str:
    return etag.strip('"')


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
