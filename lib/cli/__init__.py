"""The `runbook` command, and the runner that carries its phases out."""
