"""What stands in the way of a run before it begins: this machine, the account, and who calls. Read-only."""
