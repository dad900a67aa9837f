"""An AWS account on moto with some 160 resources, about half of them deliberately wrong; their names say which.

What is called `good-*` must not fail the rules of `WATCHED`, what is called `bad-*` must fail one of them.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

ACCOUNT = "123456789012"
REGION = "eu-west-1"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
TAGS = [{"Key": "owner", "Value": "payments"}]
WATCHED = {
    "aws_sqs_queue": "aws-sqs-no-dlq",
    "aws_s3_bucket": "aws-s3-public-access-block-off",
    "aws_lambda_function": "aws-lambda-no-trace",
    "aws_security_group": "aws-security-group-open-ssh",
    "aws_kms_key": "aws-kms-key-not-rotated",
    "aws_sfn_state_machine": "aws-sfn-no-execution-log",
    "aws_cloudwatch_event_target": "aws-event-target-no-dlq",
    "aws_ebs_volume": "aws-ebs-unencrypted",
    "aws_sns_topic": "aws-sns-unencrypted",
    "aws_lb": "aws-elb-keeps-invalid-headers",
    "aws_secretsmanager_secret": "aws-secret-no-rotation",
    "aws_cloudwatch_log_group": "aws-log-group-no-retention",
    "aws_apigatewayv2_api": "aws-api-open-cors",
    "aws_iam_policy": "aws-iam-admin-policy",
}
"""By type: the rule that tells good ones from bad ones."""


def populate(session: Any, *, copies: int = 3) -> None:
    """Make everything: `copies` good and as many bad ones of each kind."""
    make = _Population(session)
    make.network()
    make.identities()
    for i in range(copies):
        for good in (True, False):
            make.all_of(i, good)
    make.once()


class _Population:
    def __init__(self, session: Any) -> None:
        self.session = session
        self.key = ""
        self.dead_letters = ""

    def client(self, name: str) -> Any:
        return self.session.client(name, region_name=REGION)

    def network(self) -> None:
        ec2 = self.client("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        zones = ("a", "b")
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{REGION}{z}")["Subnet"][
                "SubnetId"
            ]
            for i, z in enumerate(zones)
        ]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        ec2.associate_route_table(RouteTableId=table, SubnetId=self.subnets[0])
        self.key = self.client("kms").create_key(Description="for all", Tags=[{"TagKey": "owner", "TagValue": "x"}])[
            "KeyMetadata"
        ]["Arn"]
        queue = self.client("sqs").create_queue(QueueName="good-dlq")["QueueUrl"]
        self.dead_letters = self.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]

    def identities(self) -> None:
        iam = self.client("iam")
        self.role = iam.create_role(RoleName="functions", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        iam.put_role_policy(RoleName="functions", PolicyName="logs", PolicyDocument=_policy("logs:PutLogEvents"))
        iam.create_group(GroupName="operators")
        iam.put_group_policy(GroupName="operators", PolicyName="read", PolicyDocument=_policy("s3:ListAllMyBuckets"))
        for name in ("anna", "bruno"):
            iam.create_user(UserName=name, Tags=TAGS)
            iam.create_access_key(UserName=name)
            iam.add_user_to_group(UserName=name, GroupName="operators")
        iam.create_login_profile(UserName="anna", Password="correct-Horse-7-battery")
        iam.update_account_password_policy(MinimumPasswordLength=20, RequireNumbers=True, PasswordReusePrevention=24)

    def all_of(self, i: int, good: bool) -> None:
        name = f"{'good' if good else 'bad'}-{i}"
        for kind in (self.messages, self.storage, self.compute, self.secrets, self.apis, self.rules):
            kind(name, good)

    def messages(self, name: str, good: bool) -> None:
        redrive = json.dumps({"deadLetterTargetArn": self.dead_letters, "maxReceiveCount": "5"})
        self.client("sqs").create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive} if good else {})
        topic = {"KmsMasterKeyId": self.key} if good else {}
        self.client("sns").create_topic(Name=name, Attributes=topic, Tags=TAGS)
        events = self.client("events")
        events.create_event_bus(Name=name)
        events.put_rule(Name=name, EventBusName=name, EventPattern=json.dumps({"source": ["shop.orders"]}))
        target: dict[str, Any] = {"Id": name, "Arn": self.dead_letters}
        if good:
            target |= {"DeadLetterConfig": {"Arn": self.dead_letters}, "RetryPolicy": {"MaximumRetryAttempts": 8}}
        events.put_targets(Rule=name, EventBusName=name, Targets=[target])

    def storage(self, name: str, good: bool) -> None:
        s3 = self.client("s3")
        bucket = f"{name}-orders"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        if good:
            blocked = dict.fromkeys(
                ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
            )
            s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocked)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.client("ec2").create_volume(AvailabilityZone=f"{REGION}a", Size=8, Encrypted=good)
        logs = self.client("logs")
        logs.create_log_group(logGroupName=f"/{name}")
        if good:
            logs.put_retention_policy(logGroupName=f"/{name}", retentionInDays=365)

    def compute(self, name: str, good: bool) -> None:
        layer = self.client("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": _zip()})
        self.client("lambda").create_function(
            FunctionName=name, Runtime="python3.13", Role=self.role, Handler="a.b", Code={"ZipFile": _zip()},
            TracingConfig={"Mode": "Active" if good else "PassThrough"}, Layers=[layer["LayerVersionArn"]],
            Environment={"Variables": {"DB_PASSWORD": "hunter2-hunter2", "LEVEL": "debug"} if not good else {}},
            Tags={"owner": "payments"},
        )  # fmt: skip
        ec2 = self.client("ec2")
        group = ec2.create_security_group(GroupName=name, Description="for one", VpcId=self.vpc)["GroupId"]
        source = "10.0.0.0/8" if good else "0.0.0.0/0"
        permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": source}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
        elb = self.client("elbv2")
        balancer = elb.create_load_balancer(Name=name, Subnets=self.subnets, SecurityGroups=[group], Tags=TAGS)
        arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
        dropped = {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true" if good else "false"}
        elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[dropped])
        definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
        logging: dict[str, Any] = {"level": "OFF"}
        if good:
            group_arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/{name}:*"
            there = [{"cloudWatchLogsLogGroup": {"logGroupArn": group_arn}}]
            logging = {"level": "ALL", "includeExecutionData": True, "destinations": there}
        self.client("stepfunctions").create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=self.role, loggingConfiguration=logging
        )

    def secrets(self, name: str, good: bool) -> None:
        kms = self.client("kms")
        key = kms.create_key(Description=name)["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
        if good:
            kms.enable_key_rotation(KeyId=key)
        secret = self.client("secretsmanager").create_secret(Name=name, SecretString="x", Tags=TAGS)["ARN"]
        if good:
            function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
            self.client("secretsmanager").rotate_secret(
                SecretId=secret, RotationLambdaARN=function, RotationRules={"AutomaticallyAfterDays": 30},
                RotateImmediately=False,
            )  # fmt: skip

    def apis(self, name: str, good: bool) -> None:
        origins = ["https://shop.example"] if good else ["*"]
        cors = {"AllowOrigins": origins, "AllowMethods": ["*"]}
        v2 = self.client("apigatewayv2")
        api = v2.create_api(Name=name, ProtocolType="HTTP", CorsConfiguration=cors)["ApiId"]
        v2.create_stage(ApiId=api, StageName="live")
        v2.create_route(ApiId=api, RouteKey="GET /orders", AuthorizationType="AWS_IAM" if good else "NONE")
        v1 = self.client("apigateway")
        rest = v1.create_rest_api(name=name)["id"]
        root = v1.get_resources(restApiId=rest)["items"][0]["id"]
        v1.put_method(
            restApiId=rest, resourceId=root, httpMethod="GET", authorizationType="AWS_IAM" if good else "NONE"
        )
        v1.put_integration(restApiId=rest, resourceId=root, httpMethod="GET", type="MOCK")
        v1.create_deployment(restApiId=rest, stageName="prod")
        if good:
            patch = {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "50"}
            burst = {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "20"}
            v1.update_stage(restApiId=rest, stageName="prod", patchOperations=[patch, burst])

    def rules(self, name: str, good: bool) -> None:
        action = "s3:GetObject" if good else "*"
        self.client("iam").create_policy(PolicyName=name, PolicyDocument=_policy(action), Tags=TAGS)

    def once(self) -> None:
        visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
        limit = {
            "Name": "rate", "Priority": 1, "Action": {"Block": {}}, "VisibilityConfig": visible,
            "Statement": {"RateBasedStatement": {"Limit": 1000, "AggregateKeyType": "IP"}},
        }  # fmt: skip
        waf = self.client("wafv2")
        for name, found in (("good-limits", [limit]), ("bad-empty", [])):
            waf.create_web_acl(Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visible,
                               Rules=found)  # fmt: skip
        trail = self.client("cloudtrail")
        trail.create_trail(Name="good-trail", S3BucketName="good-0-orders", IsMultiRegionTrail=True,
                           EnableLogFileValidation=True)  # fmt: skip
        trail.start_logging(Name="good-trail")


def _policy(action: str) -> str:
    resource = "*" if action == "*" else f"arn:aws:s3:::{action.partition(':')[2].lower()}"
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.py", "def b(event, context):\n    return 1\n")
    return stream.getvalue()
