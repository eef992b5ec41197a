"""What exists and is only read: names, keys, what starts the workflow, the pieces that the plan takes for granted."""
