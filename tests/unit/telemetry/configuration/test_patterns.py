"""Whether a rule's pattern could take one of our events: what is not known of it is "could"."""

import pytest

from lib.telemetry.configuration.patterns import could_take

EVENT = {"source": "your6.checkin.crisis", "detail-type": "Crisis Protocol Alert", "account": "1", "region": "r"}


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["other", "your6.checkin.crisis"]},
        {"source": [{"prefix": "your6."}]},
        {"source": [{"prefix": {"equals-ignore-case": "YOUR6."}}]},
        {"source": [{"suffix": ".crisis"}]},
        {"source": [{"wildcard": "your6.*.cri*"}]},
        {"source": [{"equals-ignore-case": "YOUR6.Checkin.Crisis"}]},
        {"source": [{"anything-but": ["aws.ec2"]}]},
        {"source": [{"anything-but": {"prefix": "aws."}}]},
        {"source": [{"anything-but": {"wildcard": ["aws.*", "other"]}}]},
        {"source": [{"exists": True}]},
        {"source": [{"a-matcher-of-tomorrow": 1}]},
        {"source": [{"anything-but": {"a-matcher-of-tomorrow": 1}}]},
        {"detail-type": ["Crisis Protocol Alert"], "detail": {"userId": ["somebody"]}},
        {"replay-name": [{"exists": False}]},
        {"account": ["1"]},
        {"$or": [{"source": ["aws.ec2"]}, {"detail-type": [{"prefix": "Crisis"}]}]},
        {},
        "no pattern",
    ],
)
def test_what_could_take_it(pattern):
    assert could_take(pattern, EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["your6.checkin"]},
        {"source": [{"prefix": "aws."}]},
        {"source": [{"suffix": ".highrisk"}]},
        {"source": [{"wildcard": "your6.?heckin.crisis"}]},
        {"source": [{"wildcard": "your6.\\*.crisis"}]},
        {"source": [{"anything-but": "your6.checkin.crisis"}]},
        {"source": [{"anything-but": {"prefix": "your6."}}]},
        {"source": [{"exists": False}]},
        {"source": [{"numeric": [">", 0]}]},
        {"source": [None]},
        {"source": []},
        {"source": ["your6.checkin.crisis"], "detail-type": ["Low Sentiment Alert"]},
        {"account": ["2"], "source": ["your6.checkin.crisis"]},
        {"$or": [{"source": ["aws.ec2"]}, {"region": ["elsewhere"]}]},
        {"source": ["aws.ec2"], "$or": [{"account": ["1"]}]},
    ],
)
def test_what_could_not(pattern):
    assert not could_take(pattern, EVENT)
