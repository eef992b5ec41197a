"""What lives in the account: one file a kind, what the plan wants, and what the runbook keeps there for itself."""
