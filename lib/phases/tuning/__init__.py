"""What the tuning computes from recorded and reviewed check-ins. Pure, no AWS; it proposes, and applies nothing."""
