"""Runs ministack as this process, with DynamoDB's promise kept that a write of one item is whole, and with the answers
of `missing_answers` and the alarms of `alarms` in the place of its own, what it delivers counted, and a past to enter.

On AWS two writes of one item never overlap. Ministack reads the item, works, and puts it back, and its executions run
beside each other: of twenty that count on one item at once it forgot two in a hundred, which the review of drills then
rightly told as a check-in that nobody counted. Started as `-m rehearsal.account.embedded_account`, by nobody else.
"""

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from ministack.services import dynamodb

from rehearsal.account import (
    alarms,
    delivery_metrics,
    enforcement,
    function_forks,
    function_logs,
    http_front,
    missing_answers,
    past_entries,
    task_roles,
)
from rehearsal.account.server import PERSON

# Looked up in their module at each call, by its HTTP handler and by its executions alike.
WRITES = (
    "_put_item",
    "_update_item",
    "_delete_item",
    "_batch_write_item",
    "_transact_write_items",
    "_execute_statement",
    "_batch_execute_statement",
    "_execute_transaction",
)


def _one_write_at_a_time() -> None:
    """Give ministack's writes of items one lock. Raises AttributeError where a version of it has none of a name."""
    lock = threading.RLock()  # some of them call each other
    for name in WRITES:
        setattr(dynamodb, name, _locked(getattr(dynamodb, name), lock))


def _locked(write: Callable[[object], object], lock: AbstractContextManager[object]) -> Callable[[object], object]:
    def locked(request: object) -> object:
        with lock:
            return write(request)

    return locked


if __name__ == "__main__":
    _one_write_at_a_time()
    missing_answers.list_unconfirmed_as_pending()
    missing_answers.refuse_empty_redrive_policies()
    missing_answers.close_others_subscriptions()
    missing_answers.describe_filters_whole()
    missing_answers.tell_what_executions_run()
    alarms.behave_as_on_aws()
    delivery_metrics.count_deliveries()
    function_logs.begin_errors_as_lambda_does()
    function_forks.start_functions_as_copies()
    past_entries.take_in()
    if person := os.environ.get(PERSON):
        missing_answers.answer_as_for(person)
    if enforcement.is_wanted():
        enforcement.install()
    if task_roles.are_wanted():
        task_roles.enforce()
    http_front.serve()
