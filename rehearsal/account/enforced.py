"""What an account that enforces IAM is told by, and tells. No ministack, so that whoever starts one may import it."""

ASKED = "asked.jsonl"  # in the account's folder: a row a decision
RUNBOOKS_KEY = "placeholder"  # with which the runbook signs where its parameters name an endpoint
