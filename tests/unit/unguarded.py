"""Parameters of an account that no file of this checkout guards."""

from lib.settings import Settings, load, with_changes

# An address that does not depend on the region, as a queue's does.
MAIL = {"ops_subscription_protocol": "email", "ops_subscription_endpoint": "operations@example.com"}


def elsewhere(**values: object) -> Settings:
    """Parameters of an account that no file of this checkout guards."""
    return with_changes(load("staging"), **{"account_id": "111122223333", **MAIL, **values})
