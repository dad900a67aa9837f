"""What the statements of one identity policy add up to: broad actions, leaks and ways to more power.

Only statements on every resource and without a condition count, less what the same document denies; who else limits the
identity (boundaries, organisations) is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.analysis.aws_actions import PERMISSIONS, expand, glob
from assay.analysis.aws_arns import wildcard_service
from assay.model import Undetermined, Unknown, all_of, any_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.analysis.aws_actions import Action
    from assay.analysis.aws_policy import Statement

EXFILTRATION = (
    "s3:GetObject", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "secretsmanager:GetSecretValue",
)  # fmt: skip
"""Reads that carry data or secrets out, wherever they lie."""

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

ESCALATIONS = (
    ("iam:CreatePolicyVersion",), ("iam:SetDefaultPolicyVersion",), ("iam:AttachUserPolicy",),
    ("iam:AttachGroupPolicy",), ("iam:AttachRolePolicy",), ("iam:PutUserPolicy",), ("iam:PutGroupPolicy",),
    ("iam:PutRolePolicy",), ("iam:AddUserToGroup",), ("iam:CreateAccessKey",), ("iam:CreateLoginProfile",),
    ("iam:UpdateLoginProfile",), ("iam:UpdateAssumeRolePolicy", "sts:AssumeRole"),
    ("iam:PassRole", "ec2:RunInstances"), ("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"),
    ("iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
    ("iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"),
    ("iam:PassRole", "glue:CreateDevEndpoint"), ("iam:PassRole", "glue:CreateJob", "glue:StartJobRun"),
    ("iam:PassRole", "cloudformation:CreateStack"), ("iam:PassRole", "datapipeline:CreatePipeline"),
    ("iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
    ("iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"),
    ("iam:PassRole", "sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"),
    ("iam:PassRole", "sagemaker:CreateTrainingJob"), ("iam:PassRole", "sagemaker:CreateProcessingJob"),
    ("iam:PassRole", "states:CreateStateMachine", "states:StartExecution"),
    ("iam:PassRole", "bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore:InvokeCodeInterpreter"),
    ("iam:PassRole", "apprunner:CreateService"), ("glue:UpdateDevEndpoint",), ("lambda:UpdateFunctionCode",),
)  # fmt: skip
"""Sets of actions that let an identity give itself more power, or take that of another."""


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
    if not unconstrained(s):
        return []
    return [a for a in actions if s.covers(a) and not denied(document, a)]


def allowed(s: Statement) -> Iterator[Action]:
    """The actions a statement names, one by one.

    Raises:
        Undetermined: one of its patterns is unknown.
    """
    for pattern in s.actions:
        if isinstance(pattern, Unknown):
            raise Undetermined(pattern)
        yield from expand(pattern)
    if s.not_actions:
        left_out = [glob(p) for p in s.not_actions]
        yield from (a for a in expand("*") if not any(p.fullmatch(a.name.lower()) for p in left_out))


def narrowable(document: list[Statement], s: Statement) -> list[str]:
    """Actions of a statement that could name a resource, and do not: its resource is `*`, or all of the service."""
    if not s.allows or list.__len__(s.conditions):
        return []
    everything = s.on_everything
    services = {wildcard_service(r) for r in list.__iter__(s.resources)} - {""}
    if not everything and not services:
        return []
    found = (a for a in allowed(s) if a.narrowable and (everything or a.name.partition(":")[0] in services))
    return _first(document, found)


def permissions_management(document: list[Statement], s: Statement) -> list[str]:
    """Actions of a statement on everything that change who may do what."""
    if not unconstrained(s):
        return []
    return _first(document, (a for a in allowed(s) if a.narrowable and a.level == PERMISSIONS))


def _first(document: list[Statement], actions: Iterator[Action]) -> list[str]:
    """The first few that the document does not deny: enough for a message."""
    found: list[str] = []
    for action in actions:
        if not denied(document, action.name):
            found.append(action.name)
            if len(found) == 3:
                break
    return found


def escalations(document: list[Statement]) -> Iterator[tuple[Statement, tuple[str, ...]]]:
    """Each statement that completes a way to more power, with the first such set of actions.

    Raises:
        Undetermined: an unknown piece could complete one.
    """
    doubt: Undetermined | None = None
    seen: list[Statement] = []
    for needed in ESCALATIONS:
        try:
            if not all_of(needed, lambda action: _granted_by_one(document, action)):
                continue
        except Undetermined as error:
            doubt = doubt or error
            continue
        first = next(s for s in list.__iter__(document) if _certainly(document, s, needed[0]))
        if first not in seen:
            seen.append(first)
            yield first, needed
    if doubt is not None and not seen:
        raise doubt


def _granted_by_one(document: list[Statement], action: str) -> bool:
    return any_of(document, lambda s: bool(granted(document, s, (action,))))


def _certainly(document: list[Statement], s: Statement, action: str) -> bool:
    try:
        return bool(granted(document, s, (action,)))
    except Undetermined:
        return False


def listed(names: list[str]) -> str:
    """Actions as a message names them."""
    return ", ".join(names[:3]) + (" ..." if len(names) > 2 else "")
