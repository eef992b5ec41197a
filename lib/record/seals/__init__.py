"""What was sealed of a record: hashes of its files, chained so that none can be changed unseen. No AWS."""
