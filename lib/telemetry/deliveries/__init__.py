"""What became of alerts on their way to people, as AWS counts it: events, functions, notifications, queues, alarms."""
