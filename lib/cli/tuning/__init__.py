"""The commands around the thresholds: the history of check-ins, and the tuning on it."""
