"""What goes off when something is wrong: alarms, and the metrics that are made from the workflow's log."""
