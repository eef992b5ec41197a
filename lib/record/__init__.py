"""The audit record on disk: its format and version, its files, what was sealed of it. No AWS."""
