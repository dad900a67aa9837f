"""Versions and updates of managed services."""

import re
from collections.abc import Iterator

from assay import LOW, MEDIUM, Finding, Resource, any_of, rule

# The oldest versions that have not been retired at the end of 2026.
LOWEST = {"activemq": (5, 18), "rabbitmq": (3, 13)}


@rule(
    on=["aws_mq_broker", "aws_mq_configuration"],
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-2"],
    equivalents=["CKV_AWS_208"],
)
def aws_mq_old_version(r: Resource) -> Iterator[Finding]:
    """Brokers run a supported version.

    ## Why
    Old versions get no fixes; some let a stranger run commands through the broker.
    ## Fix
    Upgrade `engine_version`.
    """
    lowest, version = LOWEST.get(str(r["engine_type"]).lower()), r["engine_version"]
    if lowest == None or version == None:
        return
    running = tuple(int(n) for n in re.findall(r"\d+", str(version))[:2])
    if running[: len(lowest)] < lowest[: len(running)]:
        yield r.fails(f"{version} is older than {'.'.join(str(n) for n in lowest)}", at="engine_version")


@rule(
    on="aws_elastic_beanstalk_environment",
    severity=LOW,
    controls=["nist-800-53r5:SI-2"],
    equivalents=["CKV_AWS_340"],
)
def aws_elastic_beanstalk_no_managed_updates(r: Resource) -> Iterator[Finding]:
    """Beanstalk environments update their platform by themselves.

    ## Why
    Fixes of the operating system and the runtime arrive as platform versions that somebody has to apply.
    ## Fix
    Set `ManagedActionsEnabled` to `true` in the namespace `aws:elasticbeanstalk:managedactions`.
    """
    wanted = ("aws:elasticbeanstalk:managedactions", "ManagedActionsEnabled")
    settings = [s for s in r.each("setting") if (s["namespace"], s["name"]) == wanted]
    if not any_of(settings, lambda s: str(s["value"]).lower() == "true"):
        yield r.fails("managed updates are off", at="setting")
