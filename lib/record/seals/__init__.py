"""How a record is sealed: hashes of its files, chained so that none can be changed unseen. See each module."""
