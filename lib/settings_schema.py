"""The parameters of a run as a type: their bounds, what must fit together, and the ARNs they name. No AWS, no files.

The same keys stand in every `parameters/<environment>.yaml`; a notebook declares the few that count at its phase.
"""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    StrictFloat,
    StrictInt,
    StrictStr,
    field_validator,
    model_validator,
)  # fmt: skip

from lib import routes
from lib.values import name_limits, partitions, reviewed, subscriber_addresses
from lib.values.modes import OF_THE_RUN, Approval, Foreign, Gap, Mode
from lib.values.run_names import checked_run_id
from lib.values.subscriber_addresses import mask as mask

ROOT = Path(__file__).resolve().parent.parent
EMBEDDED_ACCOUNT = "000000000000"

Number = StrictInt | StrictFloat

# A member where code reads it; plain text where the parameters are handed on, to a kernel, a file or a command line.
PLAIN = PlainSerializer(str, return_type=str)


class Settings(BaseModel):
    """One environment's parameters. Frozen; unknown keys are refused with the nearest known one."""

    # What was given may be an address or a secret, so no error shows it but in our own words.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    environment: name_limits.Environment
    account_id: Annotated[StrictStr, Field(pattern=r"^[0-9]{12}$")]
    region: name_limits.Region
    endpoint_url: Annotated[StrictStr, Field(pattern=r"^(|https?://[^\s@]+)$")]
    profile: StrictStr
    mode: Annotated[Mode, PLAIN]
    run_id: Annotated[StrictStr, AfterValidator(lambda given: given and checked_run_id(given))]
    outputs_dir: Annotated[StrictStr, Field(min_length=1)]
    record_store: name_limits.RecordStore
    docs_dir: Annotated[StrictStr, Field(min_length=1)]
    approval: Annotated[Approval, PLAIN]
    approved_plan: Annotated[StrictStr, Field(pattern=r"^(|plan-[0-9a-f]{16})$")]
    approved_by: StrictStr
    change_ticket: StrictStr
    may_replace: Annotated[StrictInt, Field(ge=0, le=100)]
    lock_name: name_limits.LockName
    lock_lease_seconds: Annotated[StrictInt, Field(ge=3, le=3600)]
    rollback_to_phase: Annotated[StrictStr, Field(pattern=r"^(|[0-9]{2})$")]
    rollback_foreign: Annotated[Foreign, PLAIN]
    state_machine_name: name_limits.MachineName
    execution_role_name: name_limits.RoleName
    execution_policy_name: name_limits.PolicyName
    processor_function_name: name_limits.FunctionName
    dispatcher_function_name: name_limits.FunctionName
    table_name: name_limits.TableName
    checkin_bucket_name: name_limits.BucketName
    alert_topic_name: name_limits.TopicName
    ops_topic_name: name_limits.TopicName
    ops_subscription_protocol: Annotated[subscriber_addresses.Protocol, PLAIN]
    ops_subscription_endpoint: Annotated[StrictStr, Field(min_length=1)]
    ops_dead_letter_queue_name: name_limits.QueueName
    events_dead_letter_queue_name: name_limits.QueueName
    dashboard_name: name_limits.DashboardName
    log_group_name: name_limits.LogGroupName
    log_retention_days: name_limits.Days
    second_alarm_action: name_limits.SecondAction
    no_checkin_hours: Annotated[StrictInt, Field(ge=1, le=168)]
    drill_user_id: Annotated[StrictStr, Field(pattern=rf"^{routes.DRILL_PREFIX}[A-Za-z0-9\-]{{1,50}}$")]
    crisis_risk_above: Annotated[Number, Field(ge=0, lt=100)]
    high_risk_above: Annotated[Number, Field(ge=0, lt=100)]
    moderate_risk_above: Annotated[Number, Field(ge=0, lt=100)]
    sentiment_below: Annotated[Number, Field(gt=-1, lt=1)]
    proactive_risk_above: Annotated[Number, Field(ge=0, lt=100)]
    alert_limit_seconds: Annotated[Number, Field(gt=0, le=300)]
    answer_timeout_seconds: Annotated[Number, Field(gt=0, le=300)]
    settle_seconds: Annotated[Number, Field(ge=0, le=120)]
    verify_timeout_seconds: Annotated[Number, Field(ge=1, le=900)]
    poll_seconds: Annotated[Number, Field(gt=0, le=30)]
    listen_seconds: Annotated[Number, Field(ge=0.5, le=120)]
    latency_drills: Annotated[StrictInt, Field(ge=1, le=200)]
    burst_drills: Annotated[StrictInt, Field(ge=1, le=200)]
    backtest_days: Annotated[StrictInt, Field(ge=1, le=365)]
    backtest_budget_minutes: Annotated[Number, Field(gt=0, le=240)]
    soak_minutes: Annotated[Number, Field(ge=0, le=60)]
    cell_timeout_seconds: Annotated[StrictInt, Field(ge=10, le=7200)]
    review_minutes: Annotated[StrictInt, Field(ge=1, le=129600)]
    success_rate_margin: Annotated[Number, Field(gt=0, le=0.5)]
    success_rate_error: Annotated[Number, Field(gt=0, le=0.5)]
    long_execution_seconds: Annotated[StrictInt, Field(ge=1, le=86400)]
    metric_period_seconds: Literal[1, 5, 10, 30, 60, 300, 900, 3600]
    tuning_from: Annotated[StrictStr, AfterValidator(reviewed.checked_moment)]
    tuning_to: Annotated[StrictStr, AfterValidator(reviewed.checked_moment)]
    outcomes_file: StrictStr
    crisis_recall_floor: Annotated[Number, Field(gt=0, lt=1)]
    alerts_a_day: Annotated[Number, Field(gt=0, le=1e9)]
    outcome_costs: Annotated[dict[StrictStr, list[Number]], AfterValidator(reviewed.checked_costs)]
    not_exercised_here: list[Annotated[Gap, PLAIN]]
    _file: str = PrivateAttr("")  # where they are from, "" where nobody said so; decides nothing
    _strict: bool = PrivateAttr(default=True)  # whether what the files in parameters/ guard concerns what they are for

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self.model_dump() == other.model_dump()

    @field_validator("region")
    @classmethod
    def _in_a_partition(cls, region: str) -> str:
        partitions.of_region(region)
        return region

    @field_validator("outputs_dir", "docs_dir")
    @classmethod
    def _in_a_home_that_is_known(cls, folder: str) -> str:
        try:
            Path(folder).expanduser()
        except RuntimeError as error:
            raise ValueError("which is in the home of nobody on this machine; name the folder in full") from error
        return folder

    @field_validator("not_exercised_here")
    @classmethod
    def _no_repeats(cls, gaps: list[Gap]) -> list[Gap]:
        if len(set(gaps)) != len(gaps):
            raise ValueError("names a check twice; list each once")
        return gaps

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        steps = {threshold.parameter: getattr(self, threshold.parameter) for threshold in routes.RISKS}
        values = list(steps.values())
        if any(upper <= lower for upper, lower in pairwise(values)):
            in_words = ", ".join(f"{name} {value}" for name, value in steps.items())
            raise ValueError(f"thresholds out of order: found {in_words}; expected each greater than the next")
        if bool(self.endpoint_url) != (self.account_id == EMBEDDED_ACCOUNT):
            raise ValueError(
                f"endpoint_url {self.endpoint_url!r} does not go with account_id {self.account_id}: only the embedded "
                f"account {EMBEDDED_ACCOUNT} has an endpoint; leave it empty for AWS"
            )
        self._check_names()
        if self.approval == Approval.REQUIRED and self.not_exercised_here:
            raise ValueError("not_exercised_here must be empty where approval is required: AWS can answer every check")
        return self

    def _check_names(self) -> None:
        """What is right or wrong only together with another parameter."""
        wrong = subscriber_addresses.trouble(
            self.ops_subscription_protocol, self.ops_subscription_endpoint, self.partition
        )
        if wrong:
            raise ValueError(f"ops_subscription_endpoint: {wrong}")
        bucket = name_limits.bucket_trouble(self.checkin_bucket_name, self.region)
        lock = name_limits.lock_trouble(self.lock_name, self.arn)
        trouble = bucket or lock or name_limits.clash(self.model_dump(), self.queue_arn, self.arn)
        if trouble:
            raise ValueError(trouble)

    @property
    def thresholds(self) -> dict[str, float]:
        """The numbers that decide the route, by placeholder name of the definition."""
        return {threshold.placeholder: getattr(self, threshold.parameter) for threshold in routes.THRESHOLDS}

    @property
    def partition(self) -> str:
        """The region's part of AWS, in which all of this account lies."""
        return partitions.of_region(self.region)

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account and region; computed, so it is known before the thing exists.

        Not for what has a path (a role) or is called by a version or an alias (a function): see `names`.
        """
        region = "" if service == "iam" else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.account_id}:{resource}"

    @property
    def state_machine_arn(self) -> str:
        return self.arn("states", f"stateMachine:{self.state_machine_name}")

    @property
    def processor_arn(self) -> str:
        return self.arn("lambda", f"function:{self.processor_function_name}")

    @property
    def dispatcher_arn(self) -> str:
        return self.arn("lambda", f"function:{self.dispatcher_function_name}")

    @property
    def table_arn(self) -> str:
        return self.arn("dynamodb", f"table/{self.table_name}")

    @property
    def alert_topic_arn(self) -> str:
        return self.arn("sns", self.alert_topic_name)

    @property
    def ops_topic_arn(self) -> str:
        return self.arn("sns", self.ops_topic_name)

    def queue_arn(self, name: str) -> str:
        return self.arn("sqs", name)

    def rule_arn(self, name: str) -> str:
        return self.arn("events", f"rule/{name}")

    @property
    def log_group_arn(self) -> str:
        """Ends in `:*`, as Step Functions wants it."""
        return self.arn("logs", f"log-group:{self.log_group_name}:*")

    def path(self, given: str) -> Path:
        """A folder named in the parameters; a relative one is taken from the top of this checkout."""
        return (ROOT / Path(given).expanduser()).resolve()

    @property
    def runs_folder(self) -> Path:
        """Where the records of this environment's runs lie on this machine."""
        return self.path(self.outputs_dir) / self.environment

    @property
    def run_folder(self) -> Path:
        """Where this run's record lies; `run_id` must be set."""
        return self.runs_folder / checked_run_id(self.run_id)

    def masked(self, text: str) -> str:
        """`text` without the subscriber's address, which no record may hold."""
        if self.ops_subscription_protocol == subscriber_addresses.Protocol.SQS:
            return text
        return subscriber_addresses.mask_address(text, self.ops_subscription_endpoint)

    def decisive(self) -> dict[str, Any]:
        """The parameters that decide what is changed, and so are part of what is approved. Fit for a record."""
        return {key: value for key, value in self.recorded().items() if key not in OF_THE_RUN}

    def recorded(self) -> dict[str, Any]:
        """All parameters as plain data, fit for a record."""
        values = self.model_dump()
        return {key: self.masked(value) if isinstance(value, str) else value for key, value in values.items()}
