"""By which names IAM knows the operations of botocore: their own, but for the few of this table. No AWS.

botocore has no such map; AWS tells it in its Service Authorization Reference, service by service.
"""

# Prefix of a service's actions, where it is not botocore's name of the service.
PREFIXES = {"stepfunctions": "states", "apigatewayv2": "apigateway"}
# What an operation is allowed by, where that is not its own name.
OTHERWISE = {
    ("lambda", "Invoke"): ("lambda:InvokeFunction",),
    # What SQS does in batches, it allows as it does one by one.
    ("sqs", "DeleteMessageBatch"): ("sqs:DeleteMessage",),
    ("s3", "HeadBucket"): ("s3:ListBucket",),
    ("s3", "ListObjectsV2"): ("s3:ListBucket",),
    ("s3", "GetBucketEncryption"): ("s3:GetEncryptionConfiguration",),
    ("s3", "GetBucketLifecycleConfiguration"): ("s3:GetLifecycleConfiguration",),
    ("s3", "GetBucketNotificationConfiguration"): ("s3:GetBucketNotification",),
    # Of what it manages, API Gateway knows HTTP's verbs alone.
    ("apigateway", "GetRestApis"): ("apigateway:GET",),
    ("apigateway", "GetResources"): ("apigateway:GET",),
    ("apigatewayv2", "GetApis"): ("apigateway:GET",),
    ("apigatewayv2", "GetIntegrations"): ("apigateway:GET",),
    # It says with which role the workflow runs, and publishes a version.
    ("stepfunctions", "UpdateStateMachine"): (
        "states:UpdateStateMachine",
        "states:PublishStateMachineVersion",
        "iam:PassRole",
    ),
    # It says with which role the workflow runs, and of whom it is by a tag.
    ("stepfunctions", "CreateStateMachine"): ("states:CreateStateMachine", "states:TagResource", "iam:PassRole"),
    ("sts", "GetCallerIdentity"): (),  # nobody can be denied it
}


def of_operation(service: str, operation: str) -> tuple[str, ...]:
    """The actions that a call of botocore's operation takes."""
    return OTHERWISE.get((service, operation), (f"{PREFIXES.get(service, service)}:{operation}",))
