"""By which codes AWS's services refuse, where the same follows whichever of them it is. Calls nothing."""

# One of its name is still being removed, or was within this minute, so it was not made.
NAME_IS_HELD = (
    "StateMachineDeleting", "QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently",
)  # fmt: skip
# AWS asks to wait: the call was not carried out, and may be by and by.
THROTTLING = (
    "Throttling", "ThrottlingException", "Throttled", "ThrottledException", "RequestThrottled",
    "RequestThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown",
    "ProvisionedThroughputExceededException", "PriorRequestNotComplete", "BandwidthLimitExceeded",
    "EC2ThrottledException", "RequestTimeout", "RequestTimeoutException",
    # The key that encrypts it is asked for too often.
    "KMSThrottling", "KMSThrottlingException", "KmsThrottled", "KmsThrottlingException",
    # Somebody else is changing the same thing at this moment, so it was not changed.
    "ConcurrentModification", "ConcurrentModificationException", "ConflictException", "OperationAbortedException",
    "ConcurrentAccess", "ConcurrentAccessException", "TooManyUpdates", "TransactionConflictException",
    "TransactionInProgressException", "ReplicatedWriteConflictException",
    *NAME_IS_HELD,
)  # fmt: skip
# The call was signed at another time than AWS has, by the codes of the services that have one for it.
OFF_THE_CLOCK = ("RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed")
BAD_CREDENTIALS = (
    "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
    "SignatureDoesNotMatch", "InvalidSignatureException", "InvalidAccessKeyId", "InvalidToken", "TokenRefreshRequired",
    *OFF_THE_CLOCK,
)  # fmt: skip
# How each service calls what is not there. AWS lists for a minute what was removed, so that it is removed twice.
GONE = (
    "AWS.SimpleQueueService.NonExistentQueue", "DashboardNotFoundError", "NoSuchEntity", "NotFound",
    "NotFoundException", "QueueDoesNotExist", "ResourceNotFound", "ResourceNotFoundException",
    "StateMachineDoesNotExist",
)  # fmt: skip
