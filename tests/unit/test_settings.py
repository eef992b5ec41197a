"""Parameters: what is refused, in which words, and what no record may hold."""

import re
from pathlib import Path

import pytest
import yaml

from lib import settings as parameters
from lib.cli.app import overridden
from lib.errors import BadParameters, Refused
from lib.settings import ROOT, Settings, check, from_values, load, mask

ENVIRONMENTS = ["local", "staging", "prod"]
SECRETS = re.compile(r"AKIA|ASIA|aws_secret|password|token|BEGIN .*KEY|hooks\.slack", re.IGNORECASE)


def values(environment="local"):
    return yaml.safe_load((ROOT / "parameters" / f"{environment}.yaml").read_text(encoding="utf-8"))


def refused(of="local", /, **changed):
    with pytest.raises(BadParameters) as caught:
        load(of, changed)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("typed", "meant"), [("acount_id", "account_id"), ("crisis_risk", "crisis_risk_above"), ("Mode", "mode")]
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(typed, meant):
    assert refused(**{typed: "x"}) == f"unknown parameter {typed!r}; did you mean {meant}?"


def test_an_unknown_key_that_is_near_to_nothing_is_refused():
    assert refused(zzz=1) == "unknown parameter 'zzz'; see the files in parameters/ for the known ones"


def test_a_key_that_is_no_text_is_refused():
    with pytest.raises(BadParameters, match="unknown parameter 5"):
        check({5: "x"})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("account_id", 205930636302),
        ("account_id", "12345"),
        ("account_id", "２０５９３０６３６３０２"),
        ("account_id", "2059306363021"),
        ("region", "us_east_1"),
        ("region", "US-EAST-1"),
        ("region", "virginia"),
        ("region", ""),
        ("mode", True),
        ("mode", "true"),
        ("mode", "Apply"),
        ("approval", False),
        ("approval", "yes"),
        ("endpoint_url", "127.0.0.1:4566"),
        ("endpoint_url", None),
        ("run_id", "../elsewhere"),
        ("run_id", ".hidden"),
        ("run_id", "a/b"),
        ("environment", "Prod"),
        ("environment", "../prod"),
        ("approved_plan", "plan-xyz"),
        ("state_machine_name", "two words"),
        ("table_name", ""),
        ("table_name", "${TABLE}"),
        ("outputs_dir", ""),
        ("log_group_name", "/aws/states/elsewhere"),
        ("log_retention_days", 91),
        ("log_retention_days", "90"),
        ("drill_user_id", "user-0001"),
        ("crisis_risk_above", "95"),
        ("crisis_risk_above", 100),
        ("crisis_risk_above", float("nan")),
        ("moderate_risk_above", True),
        ("sentiment_below", -1),
        ("sentiment_below", 1.0),
        ("alert_limit_seconds", 0),
        ("alert_limit_seconds", float("inf")),
        ("verify_timeout_seconds", 0),
        ("poll_seconds", 0),
        ("cell_timeout_seconds", 30.5),
        ("review_minutes", 0),
        ("metric_period_seconds", 7),
        ("ops_subscription_protocol", "pigeon"),
        ("ops_subscription_endpoint", ""),
        ("not_exercised_here", "permission_simulation"),
        ("not_exercised_here", ["everything"]),
        ("not_exercised_here", ["permission_simulation", "permission_simulation"]),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_shown(key, value):
    said = refused(**{key: value})
    assert said.startswith(f"parameter {key}: found ")
    assert repr(value) in said or (isinstance(value, list) and repr(value[0]) in said)


def test_every_wrong_value_is_named_at_once():
    said = refused(region="nowhere", mode="perhaps")
    assert "parameter region: found 'nowhere'" in said
    assert "parameter mode: found 'perhaps'" in said


@pytest.mark.parametrize("missing", ["account_id", "mode", "crisis_risk_above", "not_exercised_here"])
def test_a_missing_key_is_refused_by_name(missing):
    given = {key: value for key, value in values().items() if key != missing}
    with pytest.raises(
        BadParameters, match=f"^parameter {missing} is missing; every environment names every parameter$"
    ):
        check(given)


@pytest.mark.parametrize(
    "changed",
    [
        {"crisis_risk_above": 85},
        {"high_risk_above": 96},
        {"moderate_risk_above": 85},
        {"proactive_risk_above": 50},
        {"proactive_risk_above": 50.5},
    ],
)
def test_thresholds_out_of_order_are_refused_with_all_four(changed):
    said = refused(**changed)
    assert said.startswith("thresholds out of order: found crisis_risk_above ")
    assert said.endswith("expected each greater than the next")
    assert all(f"{name} {value}" in said for name, value in changed.items())


@pytest.mark.parametrize(
    "arn",
    [
        "Rehearsal-OperationsInbox",
        "arn:aws:sqs:us-east-1:Inbox",
        "arn:aws:sqs:us-east-1:00000000000:Inbox",
        "arn:aws:sqs:us-east-1:000000000000:",
        "arn:aws:sqs:us-east-1:000000000000:two words",
        "https://sqs.us-east-1.amazonaws.com/000000000000/Inbox",
    ],
)
def test_a_malformed_arn_is_refused(arn):
    assert "the sqs protocol expects the ARN of a standard queue, arn:aws:sqs:" in refused(
        ops_subscription_endpoint=arn
    )


@pytest.mark.parametrize(
    ("environment", "changed"),
    [
        ("local", {"account_id": "205930636302"}),
        ("local", {"endpoint_url": ""}),
        ("prod", {"endpoint_url": "http://127.0.0.1:4566"}),
        ("prod", {"account_id": "000000000000"}),
    ],
)
def test_an_endpoint_goes_with_the_embedded_account_and_with_no_other(environment, changed):
    assert "does not go with account_id" in refused(environment, **changed)


def test_where_approval_is_required_no_check_may_be_left_out():
    said = refused("prod", not_exercised_here=["permission_simulation"])
    assert said.startswith("not_exercised_here must be empty where approval is required")


def test_an_unknown_environment_is_refused_with_the_known_ones():
    with pytest.raises(BadParameters, match="'production'; expected one of local, prod, staging, or a YAML file"):
        load("production")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"mode: [plan", "own.yaml is not valid YAML"),
        (b"mode: plan\n\tregion: x", "own.yaml is not valid YAML"),
        (b"mode: \xff\xfe\x00", "own.yaml is not valid YAML"),
        (b"- mode\n- plan", "own.yaml holds list; expected one `key: value` line a parameter"),
        (b"", "own.yaml holds NoneType"),
        (b"mode: plan\nregion: x\nmode: apply\n", "own.yaml says mode twice"),
    ],
)
def test_a_broken_file_is_refused_in_one_sentence(text, said, tmp_path):
    file = tmp_path / "own.yaml"
    file.write_bytes(text)
    with pytest.raises(BadParameters, match=re.escape(said)) as caught:
        load(str(file))
    assert "\n" not in str(caught.value)


def test_a_file_of_ones_own_is_taken(tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump({**values(), "change_ticket": "CHG-1"}), encoding="utf-8")
    assert load(str(file)).change_ticket == "CHG-1"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_parameter_files_load(environment):
    assert load(environment).environment == environment
    assert load(environment).mode == "plan"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_parameter_files_hold_the_same_keys_in_the_same_order(environment):
    assert list(values(environment)) == list(Settings.model_fields)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_parameter_file_holds_a_key_twice(environment):
    text = (ROOT / "parameters" / f"{environment}.yaml").read_text(encoding="utf-8")
    keys = re.findall(r"^(\w+):", text, re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(Settings.model_fields)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_parameter_file_holds_a_secret(environment):
    assert SECRETS.findall((ROOT / "parameters" / f"{environment}.yaml").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("environment", [name for name in ENVIRONMENTS if not values(name)["endpoint_url"]])
def test_on_aws_a_new_queues_policy_has_the_minute_that_sqs_allows_itself(environment):
    assert load(environment).settle_seconds >= 60


def test_each_environment_has_an_account_of_its_own():
    assert len({load(environment).account_id for environment in ENVIRONMENTS}) == len(ENVIRONMENTS)


def test_only_prod_asks_for_approval_and_only_local_leaves_checks_out():
    assert [load(environment).approval for environment in ENVIRONMENTS] == ["none", "none", "required"]
    assert [bool(load(environment).not_exercised_here) for environment in ENVIRONMENTS] == [True, False, False]


def test_only_the_production_parameters_name_the_operations_address():
    address = load("prod").ops_subscription_endpoint
    searched = [
        path
        for folder in ("lib", "rehearsal", "runbooks", "parameters", "tests")
        for path in (ROOT / folder).rglob("*")
    ]
    files = [path for path in searched if path.is_file() and path.suffix in (".py", ".ipynb", ".json", ".md", ".yaml")]
    naming = [path.name for path in files if address in path.read_text(encoding="utf-8")]
    assert naming == ["prod.yaml"]


def test_nothing_recorded_holds_the_address():
    prod = load("prod")
    address = prod.ops_subscription_endpoint
    signed = prod.model_copy(update={"approved_by": address, "change_ticket": f"CHG-1 by {address}"})
    assert address not in str(signed.recorded())
    assert signed.recorded()["approved_by"] == mask(address)
    assert signed.recorded()["crisis_risk_above"] == 95


def test_masking_takes_every_mention_out_of_a_text():
    prod = load("prod")
    address = prod.ops_subscription_endpoint
    assert address not in prod.masked(f"to {address}, and again {address}.")
    assert prod.masked("nothing to hide") == "nothing to hide"


def test_a_queue_is_no_address_and_stays_readable():
    local = load("local")
    assert local.recorded()["ops_subscription_endpoint"] == local.ops_subscription_endpoint


@pytest.mark.parametrize(
    ("contact", "shown"), [("name@host.org", "n***@host.org"), ("+491234567", "+4***"), ("https://x.org/hook", "ht***")]
)
def test_a_masked_contact_tells_no_name_and_no_number(contact, shown):
    assert mask(contact) == shown


def test_arns_are_computed_from_the_names():
    s, here = load("local"), "us-east-1:000000000000"
    assert s.state_machine_arn == f"arn:aws:states:{here}:stateMachine:Your6-CheckinWorkflow"
    assert s.arn("iam", "role/Your6-StepFunctionsRole") == "arn:aws:iam::000000000000:role/Your6-StepFunctionsRole"
    assert s.processor_arn == f"arn:aws:lambda:{here}:function:Your6-CheckinProcessor"
    assert s.dispatcher_arn == f"arn:aws:lambda:{here}:function:Your6-AlertDispatcher"
    assert s.table_arn == f"arn:aws:dynamodb:{here}:table/your6-users"
    assert s.alert_topic_arn == f"arn:aws:sns:{here}:Your6-TrustedContactAlerts"
    assert s.ops_topic_arn == f"arn:aws:sns:{here}:Your6-OperationsAlerts"
    assert s.queue_arn("Q") == f"arn:aws:sqs:{here}:Q"
    assert s.rule_arn("R") == f"arn:aws:events:{here}:rule/R"
    assert s.log_group_arn == f"arn:aws:logs:{here}:log-group:/aws/vendedlogs/states/Your6-CheckinWorkflow:*"


def test_the_thresholds_carry_the_names_of_the_placeholders():
    assert load("local").thresholds == {
        "CrisisRiskAbove": 95,
        "HighRiskAbove": 85,
        "ModerateRiskAbove": 50,
        "SentimentBelow": -0.6,
        "ProactiveRiskAbove": 30,
    }


def test_folders_are_taken_from_the_top_of_the_checkout():
    s = load("local", {"outputs_dir": "records", "run_id": "r1"})
    assert s.run_folder == ROOT / "records" / "local" / "r1"
    assert load("local", {"outputs_dir": "/elsewhere", "run_id": "r1"}).run_folder.as_posix() == "/elsewhere/local/r1"


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load("local").mode = "apply"


def test_checking_is_what_everybody_does():
    assert parameters.check(values()) == load("local")


@pytest.mark.parametrize("more", [{}, {"environment": "elsewhere"}])
def test_no_option_lifts_an_accounts_need_of_approval(more):
    with pytest.raises(Refused, match=r"parameters/prod.yaml says that account 205930636302 needs approval"):
        load("prod", {"approval": "none", **more})


@pytest.fixture
def own(tmp_path):
    """A file outside `parameters/`, of an account that none there names: `own(key=value)` is its path."""

    def written(of="prod", **other):
        mail = {"ops_subscription_protocol": "email", "ops_subscription_endpoint": "joe@example.org"}
        given = {"account_id": "111122223333", **mail, **other}
        file = tmp_path / "own.yaml"
        file.write_text(yaml.safe_dump({**values(of), **given}), encoding="utf-8")
        return str(file)

    return written


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("approval", "none"),
        ("lock_name", "x"),
        ("state_machine_name", "Another"),
        ("account_id", "444455556666"),
        ("region", "eu-west-1"),
        ("environment", "elsewhere"),
    ],
)
def test_what_guards_an_account_is_as_the_file_in_use_says_wherever_that_lies(own, key, value):
    with pytest.raises(Refused, match=rf"^{key} '{value}': own.yaml says .*, which guards the account") as refused:
        load(own(), {key: value})
    assert refused.value.exit_code == 3
    assert getattr(load(own(**{key: value})), key) == value  # another file may mean it


@pytest.mark.parametrize(
    "key",
    ["approval", "lock_name", "state_machine_name", "account_id", "region", "environment", "not_exercised_here"],
)
def test_what_a_file_does_not_say_of_its_guards_no_option_says_for_it(own, key):
    file = Path(own("staging"))
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    missing = said.pop(key)
    file.write_text(yaml.safe_dump(said), encoding="utf-8")
    with pytest.raises(Refused, match=rf"^{key} .*own\.yaml says None, which guards the account"):
        load(str(file), {key: missing})


def test_no_check_is_left_out_by_an_option_and_each_may_be_asked(own):
    file = own("staging")
    with pytest.raises(Refused, match=r"^not_exercised_here .*own\.yaml says"):
        load(file, {"not_exercised_here": ["permission_simulation"]})
    assert load(file, {"approval": "required"}).approval == "required"
    gaps = {"not_exercised_here": ["permission_simulation", "definition_validation"]}
    assert load(own("staging", **gaps), {"not_exercised_here": []}).not_exercised_here == []
    assert load("local", {"approval": "required", "not_exercised_here": []}).approval == "required"


@pytest.mark.parametrize(
    ("of", "other"),
    [
        ("prod", {"approval": "none"}),
        ("prod", {"lock_name": "x"}),
        ("prod", {"state_machine_name": "Another"}),
        ("prod", {"region": "eu-west-1"}),
        ("local", {"lock_name": "/your6/phase3-runbook/lock2"}),
        ("staging", {"not_exercised_here": ["permission_simulation"]}),
    ],
)
def test_values_of_a_notebooks_lift_no_guard(of, other):
    with pytest.raises(Refused, match=f"^{next(iter(other))} "):
        from_values({**values(of), **other})


@pytest.mark.parametrize(
    ("of", "other"),
    [
        ("prod", {"approval": "none"}),
        ("prod", {"lock_name": "x"}),
        ("prod", {"approval": "none", "environment": "elsewhere", "mode": "apply"}),
        ("staging", {"lock_name": "x", "environment": "elsewhere"}),
        ("staging", {"state_machine_name": "Another", "environment": "elsewhere"}),
        ("local", {"state_machine_name": "Your6-CheckinWorkflow2"}),
        ("staging", {"not_exercised_here": ["permission_simulation"]}),
    ],
)
def test_nor_does_a_copy_of_an_accounts_file(own, of, other):
    with pytest.raises(Refused, match=f"^{next(iter(other))} .*parameters/{of}.yaml says"):
        load(own(of, account_id=values(of)["account_id"], **other))


@pytest.mark.parametrize("name", ["other.yml", "other.YAML", "team/other.yaml"])
@pytest.mark.parametrize("said", [{"account_id": 111122223333}, {"approval": "Required"}, {"approval": None}])
def test_a_file_requires_approval_however_it_is_named_and_spelled(own, tmp_path, monkeypatch, name, said):
    file = tmp_path / "parameters" / name
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump({**values("prod"), "account_id": "111122223333", **said}), encoding="utf-8")
    monkeypatch.setattr(parameters, "ROOT", tmp_path)
    with pytest.raises(Refused, match=rf"parameters/{name} says that account 111122223333 needs approval"):
        load(own(approval="none"))


def test_a_file_waives_approval_for_its_own_environment_and_account_alone(own):
    assert parameters.waives_approval(load("local"))
    assert not parameters.waives_approval(load("prod"))
    assert not parameters.waives_approval(load(own("local", account_id="000000000000", environment="elsewhere")))
    assert not parameters.waives_approval(load(own("staging")))


@pytest.mark.parametrize(
    "run_id", ["drills", "Drills", "DRILLS", "drills.", ".stored", "a/b", "/tmp", "..", "r1\n", "r" * 65, "r\\1", "ｒ1"]
)
def test_what_is_no_runs_name_is_refused_wherever_one_is_taken(run_id):
    for attempt in (
        lambda: load("local", {"run_id": run_id}),
        lambda: parameters.with_changes(load("local"), run_id=run_id),
        lambda: from_values({**values(), "run_id": run_id}),
        lambda: parameters.folder_of(load("local"), run_id),
    ):
        with pytest.raises(BadParameters, match="run"):
            attempt()


def test_no_environment_is_named_as_the_samples_folder():
    with pytest.raises(BadParameters, match="parameter environment: found 'sample', whose folder in outputs/"):
        parameters.with_changes(load("local"), environment="sample")


def test_changed_parameters_are_checked_like_any():
    assert parameters.with_changes(load("local"), mode="apply").mode == "apply"
    for other in ({"mode": "perhaps"}, {"crisis_risk_above": 1}, {"unheard_of": 1}):
        with pytest.raises(BadParameters):
            parameters.with_changes(load("local"), **other)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (b"approval: required\naccount_id: '0'\napproval: none\n", "other.yaml says approval twice"),
        (b"- a list\n", "other.yaml holds list"),
        (b"{", "other.yaml is not valid YAML"),
    ],
)
def test_a_file_that_may_require_approval_and_cannot_be_read_lets_nobody_do_without(
    tmp_path, monkeypatch, other, expected
):
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters" / "other.yaml").write_bytes(other)
    monkeypatch.setattr(parameters, "ROOT", tmp_path)
    with pytest.raises(BadParameters, match=rf"parameters/other.yaml may guard this account, and .*{expected}"):
        parameters.check(values())


@pytest.mark.parametrize("left", [b"<<<<<<< HEAD\nmode: plan\n=======\n", b"\xff\xfe", b"- a list\n"])
def test_it_keeps_nobody_from_an_undo(tmp_path, monkeypatch, left):
    for name in ("local", "prod"):
        text = (ROOT / "parameters" / f"{name}.yaml").read_text(encoding="utf-8")
        (tmp_path / "parameters").mkdir(exist_ok=True)
        (tmp_path / "parameters" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "parameters" / "other.yaml").write_bytes(left)
    monkeypatch.setattr(parameters, "ROOT", tmp_path)
    for strict in (lambda: load("local"), lambda: from_values(values())):
        with pytest.raises(BadParameters, match=r"parameters/other\.yaml may guard this account"):
            strict()
    found = load("local", strict=False)
    assert parameters.with_changes(found, mode="apply").mode == "apply"
    assert from_values(values(), strict=False) == found


def test_an_undo_needs_no_approval_so_that_no_other_file_asks_for_one(own):
    other = {"account_id": values("prod")["account_id"], "approval": "none", "lock_name": "/another/lock"}
    with pytest.raises(Refused):
        load(own("prod", **other))
    found = load(own("prod", **other), strict=False)
    assert from_values(found.model_dump(), strict=False) == found
    with pytest.raises(Refused, match="lock_name"):  # an option changes no guard, whatever it is for
        load("prod", {"lock_name": "/another/lock"}, strict=False)


def test_a_file_of_somebody_elses_is_one_that_cannot_be_read(tmp_path, monkeypatch):
    file = tmp_path / "parameters" / "other.yaml"
    file.parent.mkdir()
    file.symlink_to("/proc/self/mem")  # is a file, and nobody can read where it begins
    monkeypatch.setattr(parameters, "ROOT", tmp_path)
    with pytest.raises(BadParameters, match="cannot be read as a file"):
        parameters.check(values())
    assert parameters.check(values(), strict=False).mode == values()["mode"]


@pytest.mark.parametrize("key", ["outputs_dir", "docs_dir"])
def test_a_folder_in_the_home_of_nobody_is_refused(key):
    with pytest.raises(BadParameters, match=f"parameter {key}: found '~nobody-here/x', .* home of nobody"):
        load("local", {key: "~nobody-here/x"})


PHONE = "+49 (170) 555-01-00"
DIGITS = "491705550100"
WRITTEN = {
    "an alias": f"ops_subscription_endpoint: *{PHONE.replace(' ', '')}\n",
    "a tag": f"ops_subscription_endpoint: !+{DIGITS} x\n",
    "an anchor twice": f"a: &+{DIGITS} x\nb: &+{DIGITS} y\n",
    "a number": f"ops_subscription_endpoint: +{DIGITS}\n",
    "another name": f"ops_subscription_protocol: {PHONE}\n",
    "another name, as a number": f"crisis_risk_above: +{DIGITS}\n",
    "a key": f"'{PHONE}': sms\n",
    "a key twice": f"'{PHONE}': sms\n'{PHONE}': sms\n",
    "a key twice, inside": f"a: [{{'{PHONE}': 1, '{PHONE}': 2}}]\n",
    "a list": f"not_exercised_here: ['{PHONE}']\n",
    "a date that is none": f"a: 2026-99-99\nops: {PHONE}\n",
    "an open quote": f"ops_subscription_endpoint: '{PHONE}\n",
}


@pytest.mark.parametrize("what", WRITTEN)
def test_no_error_holds_the_whole_of_a_phone_number(what, tmp_path):
    file = tmp_path / "own.yaml"
    text = WRITTEN[what]
    mine = {key: value for key, value in values().items() if f"{key}:" not in text}
    file.write_text(text + yaml.safe_dump(mine), encoding="utf-8")
    with pytest.raises(BadParameters) as raised:
        load(str(file))
    digits = re.sub(r"\D", "", str(raised.value))
    assert DIGITS not in digits and "5550100" not in digits
    assert "own.yaml" in str(raised.value) or "parameter" in str(raised.value)


@pytest.mark.parametrize(
    "pair", [f"ops_subscription_protocol={PHONE}", PHONE, f"{PHONE}=x", f"burst_drills=*+{DIGITS}"]
)
def test_nor_does_one_about_an_option(pair):
    with pytest.raises(BadParameters) as raised:
        load("local", overridden([pair]))
    assert "550100" not in re.sub(r"\D", "", str(raised.value))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not_exercised_here: [{a: 1, b: 2, a: 3}]\n", "says not_exercised_here.a twice"),
        ("mode: {x: {y: 1, y: 1}}\n", "says mode.x.y twice"),
        ("<<: {mode: apply}\nmode: plan\n", "says whatever `<<` merges twice"),
        ("'mode': plan\nmode: apply\n", "says mode twice"),
    ],
)
def test_a_key_that_is_said_twice_is_refused_at_any_depth(text, said, tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadParameters, match=re.escape(f"own.yaml {said}")):
        load(str(file))


@pytest.mark.parametrize("pairs", [["mode=plan", "mode=apply"], ["settle_seconds=1", " settle_seconds =1"]])
def test_an_option_that_says_a_parameter_twice_is_refused(pairs):
    with pytest.raises(BadParameters, match=r"--set says \w+ twice"):
        overridden(pairs)


def test_an_option_says_no_key_twice_inside_either():
    with pytest.raises(BadParameters, match="--set burst_drills says a twice"):
        overridden(["burst_drills={a: 1, a: 2}"])
