"""What the tests of a record share: the folder of one that was sealed."""

import pytest

from lib.record import records, sealing


@pytest.fixture
def sealed(record):
    record.append("changes.jsonl", {"n": 1})
    record.write_text("evidence/a.txt", "a")
    record.write_text("evidence/b.txt", "b")
    sealing.seal(record)
    assert records.unsealed_differences(record.folder) == []
    return record.folder
