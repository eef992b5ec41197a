"""Every fault at every call that changes something, then resume or rollback."""
