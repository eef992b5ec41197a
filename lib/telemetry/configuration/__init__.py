"""What is live of all that a validation speaks of, as facts that two reads are compared by."""
