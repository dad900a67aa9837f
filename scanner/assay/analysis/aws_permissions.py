"""What the statements of one identity policy add up to: broad actions and leaks.

Only statements on every resource and without a condition count, less what the same document denies; who else limits the
identity (boundaries, organisations) is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.aws_actions import PERMISSIONS, WRITE, expand, fits, managing
from assay.analysis.aws_arns import is_star, wildcard_service
from assay.analysis.aws_policy import flag
from assay.model import Undetermined, Unknown, all_of, any_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assay.analysis.aws_actions import Action
    from assay.analysis.aws_policy import Statement
    from assay.model import Finding

EXFILTRATION = (
    "s3:GetObject", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "secretsmanager:GetSecretValue",
)  # fmt: skip
"""Reads that carry data or secrets out, wherever they lie."""

DECRYPTION = ("kms:Decrypt", "kms:ReEncryptFrom")
"""What opens data that a key protects."""

CREDENTIALS = (
    "airflow:CreateCliToken", "airflow:CreateWebLoginToken", "appsync:CreateApiKey", "chime:CreateApiKey",
    "cloud9:CreateEnvironmentToken", "codeartifact:GetAuthorizationToken", "codepipeline:PollForJobs",
    "cognito-identity:GetOpenIdToken", "cognito-identity:GetOpenIdTokenForDeveloperIdentity",
    "cognito-identity:GetCredentialsForIdentity", "cognito-idp:GetSigningCertificate", "connect:GetFederationToken",
    "connect:GetFederationTokens", "ec2:GetPasswordData", "ecr-public:GetAuthorizationToken",
    "emr-containers:GetManagedEndpointSessionCredentials", "finspace-api:GetProgrammaticAccessCredentials",
    "gamelift:RequestUploadCredentials", "gamelift:GetInstanceAccess", "gamelift:GetComputeAccess",
    "gamelift:GetComputeAuthToken", "grafana:CreateWorkspaceApiKey", "iam:CreateAccessKey", "iam:CreateLoginProfile",
    "iam:CreateServiceSpecificCredential", "iam:ResetServiceSpecificCredential", "iam:UpdateAccessKey",
    "license-manager:GetAccessToken", "lightsail:GetInstanceAccessDetails", "lightsail:DownloadDefaultKeyPair",
    "lightsail:CreateBucketAccessKey", "lightsail:GetRelationalDatabaseMasterUserPassword",
    "mediapackage:RotateChannelCredentials", "mediapackage:RotateIngestEndpointCredentials", "rds-db:connect",
    "redshift:GetClusterCredentials", "redshift:GetClusterCredentialsWithIAM", "redshift-serverless:GetCredentials",
    "sso:GetRoleCredentials", "sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity",
    "sts:GetFederationToken", "sts:GetSessionToken",
)  # fmt: skip
"""Actions whose answer is a credential. A registry's `ecr:GetAuthorizationToken` is left out: every pull needs it."""


def unconstrained(s: Statement) -> bool:
    """True for an Allow on every resource with no condition at all."""
    tests = (lambda: s.allows, lambda: not s.conditions, lambda: s.on_everything)
    return all_of(tests, lambda test: test())


def denied(document: list[Statement], action: str) -> bool:
    """True when the document itself denies the action everywhere."""
    return any_of(
        document,
        lambda s: s.effect == "Deny" and s.on_everything and not list.__len__(s.conditions) and s.covers(action),
    )


def granted(document: list[Statement], s: Statement, actions: tuple[str, ...]) -> list[str]:
    """Which of the actions a statement allows on everything, less what its document denies."""
    covered = [a for a in actions if s.covers(a)]  # asked first: most statements are out whatever their resource is
    if not covered or not unconstrained(s):
        return []
    return [a for a in covered if not denied(document, a)]


def allowed(s: Statement, named: Callable[[str], Iterable[Action]] = expand) -> Iterator[Action]:
    """The actions a statement names, one by one; `named` gives those of a pattern.

    Raises:
        Undetermined: one of its patterns is unknown.
    """
    for pattern in s.actions:
        if isinstance(pattern, Unknown):
            raise Undetermined(pattern)
        yield from named(pattern)
    if s.not_actions:
        left_out = [_known(p) for p in s.not_actions]
        yield from (a for a in named("*") if not any(fits(p, a.name.lower()) for p in left_out))


def _known(pattern: object) -> str:
    if isinstance(pattern, Unknown):
        raise Undetermined(pattern)
    return str(pattern)


def narrowable(document: list[Statement], s: Statement) -> list[str]:
    """Actions of a statement that could name a resource, and do not: its resource is `*`, or all of the service."""
    if not s.allows or list.__len__(s.conditions):
        return []
    found = [a for a in allowed(s) if a.narrowable]
    services = {wildcard_service(r) for r in list.__iter__(s.resources)} - {""}
    if not found or not (services or s.on_everything):
        return []
    everything = s.on_everything if not services else any(is_star(r) for r in list.__iter__(s.resources))
    return _first(document, (a for a in found if everything or a.name.partition(":")[0] in services))


def permissions_management(document: list[Statement], s: Statement) -> list[str]:
    """Actions of a statement on everything that change who may do what."""
    found = list(allowed(s, managing))
    return _first(document, iter(found)) if found and unconstrained(s) else []


def writing(document: list[Statement], s: Statement) -> list[str]:
    """Actions of a statement on everything that change something, where they could name what."""
    found = [a for a in allowed(s) if a.narrowable and a.level in (WRITE, PERMISSIONS)]
    return _first(document, iter(found)) if found and unconstrained(s) else []


def may_write(s: Statement) -> bool:
    """True when a statement allows any action that changes something."""
    return s.allows and any(a.level in (WRITE, PERMISSIONS) for a in allowed(s))


_KNOWN = frozenset((
    "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteBucket", "s3:PutBucketPolicy", "s3:PutBucketAcl",
    "ec2:RunInstances", "ec2:TerminateInstances", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateTags",
    "ec2:ModifySnapshotAttribute", "rds:DeleteDBInstance", "rds:ModifyDBInstance", "rds:ModifyDBSnapshotAttribute",
    "lambda:UpdateFunctionCode", "lambda:InvokeFunction", "lambda:AddPermission", "dynamodb:PutItem",
    "dynamodb:DeleteItem", "dynamodb:DeleteTable", "sqs:SendMessage", "sqs:DeleteQueue", "sns:Publish",
    "kms:Decrypt", "kms:CreateGrant", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "logs:DeleteLogGroup",
    "logs:PutLogEvents", "iam:PassRole", "iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:CreateAccessKey",
    "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "ssm:GetParameter", "ssm:PutParameter",
    "ecr:PutImage", "ecs:RunTask", "eks:UpdateClusterConfig", "events:PutEvents", "sts:AssumeRole",
    "cloudformation:CreateStack", "cloudwatch:DeleteAlarms", "route53:ChangeResourceRecordSets",
    "xray:PutTraceSegments",
    "states:StartExecution", "elasticloadbalancing:DeleteLoadBalancer", "autoscaling:UpdateAutoScalingGroup",
))  # fmt: skip
"""Actions that people know: a message that names three of hundreds names these first."""


def _first(document: list[Statement], actions: Iterator[Action]) -> list[str]:
    """A few that the document does not deny, the best known ones first: enough for a message."""
    found: list[str] = []
    for action in sorted(actions, key=lambda a: a.name not in _KNOWN):
        if not denied(document, action.name):
            found.append(action.name)
            if len(found) == 3:
                break
    return found


def on_every_resource(
    document: list[Statement], find: Callable[[list[Statement], Statement], list[str]]
) -> Iterator[Finding]:
    """A finding for every statement that allows on everything what `find` names of its actions."""

    def test(s: Statement) -> str:
        found = find(document, s)
        return f"{s} allows {listed(found)} on every resource" if found else ""

    yield from flag(document, test)


def listed(names: list[str]) -> str:
    """Actions as a message names them."""
    return ", ".join(names[:3]) + (" ..." if len(names) > 2 else "")
