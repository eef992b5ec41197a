"""When an alarm of the embedded account went off: a drill explains one only where its failure came before. No AWS."""

import time
from types import SimpleNamespace

from ministack.services import cloudwatch

from rehearsal.account import alarm_evaluation, alarms


def test_an_alarm_is_dated_behind_what_set_it_off_within_the_same_second_as_well(monkeypatch):
    entries = []
    clock = SimpleNamespace(time=lambda: 100.25, strftime=time.strftime, gmtime=time.gmtime)
    monkeypatch.setattr(alarms, "time", clock)
    monkeypatch.setattr(alarms, "_has_datapoints", lambda alarm: True)
    monkeypatch.setattr(alarm_evaluation, "state", lambda *_: "ALARM")
    monkeypatch.setattr(cloudwatch, "_record_history", lambda *_: entries.append({"Timestamp": "1970-01-01T00:01:40Z"}))
    monkeypatch.setattr(cloudwatch, "_history_entries", lambda: entries)
    monkeypatch.setattr(cloudwatch, "_dispatch_alarm_actions", lambda *_: None)
    monkeypatch.setattr(cloudwatch, "_evaluate_parent_alarms", lambda alarm: None)
    alarm = {
        "AlarmName": "ours", "MetricName": "m", "StateValue": "OK",
        "ComparisonOperator": "GreaterThanThreshold", "Threshold": 0.0,
    }  # fmt: skip
    alarms._evaluate(alarm)
    assert (alarm["StateValue"], alarm["StateUpdatedTimestamp"]) == ("ALARM", 101)
    assert entries == [{"Timestamp": "1970-01-01T00:01:41Z"}]
