"""Bedrock: knowledge bases with their sources, agents, guardrails, the log of invocations."""

from __future__ import annotations

from assay.inventory.aws.common import tags
from assay.inventory.aws.table import Ask, Make, Service

MOMENTS = {"createdAt": None, "updatedAt": None, "preparedAt": None, "failureReasons": None, "status": None}

BASE = Make(
    type="aws_bedrockagent_knowledge_base",
    address="knowledgeBaseArn",
    name="name",
    rename={
        **MOMENTS,
        "knowledgeBaseArn": "arn",
        "knowledgeBaseId": "id",
        "knowledgeBaseConfiguration.vectorKnowledgeBaseConfiguration.supplementalDataStorageConfiguration"
        ".storageLocations": "storage_location",
    },
)
SOURCE = Make(
    type="aws_bedrockagent_data_source",
    address="{^^knowledgeBaseArn}/data-source/{dataSourceId}",
    name="name",
    rename={**MOMENTS, "dataSourceId": "data_source_id"},
    fields={"id": "{dataSourceId},{knowledgeBaseId}"},
    keys=("server_side_encryption_configuration.kms_key_arn",),
)
AGENT = Make(
    type="aws_bedrockagent_agent",
    address="agentArn",
    name="agentName",
    rename={
        **MOMENTS,
        "agentArn": "agent_arn",
        "agentId": "id",
        "agentStatus": None,
        "recommendedActions": None,
        "clientToken": None,
        "idleSessionTTLInSeconds": "idle_session_ttl_in_seconds",
        "promptOverrideConfiguration": None,
    },
    keys=("customer_encryption_key_arn",),
)
GUARDRAIL = Make(
    type="aws_bedrock_guardrail",
    address="arn",
    name="name",
    rename={**MOMENTS, "id": "guardrail_id"},
    fields={"id": "id"},
)
INVOCATIONS = Make(
    type="aws_bedrock_model_invocation_logging_configuration",
    address="arn:{partition}:bedrock:{region}:{account}:model-invocation-logging",
    when="loggingConfig",
    rename={"loggingConfig": "logging_config"},
    fields={"id": "{region}"},
)

TABLES = [
    Service(
        name="bedrock-agent",
        asks=(
            Ask(
                operation="ListKnowledgeBases",
                items="knowledgeBaseSummaries",
                then=(
                    Ask(
                        operation="GetKnowledgeBase",
                        params={"knowledgeBaseId": "knowledgeBaseId"},
                        items="knowledgeBase",
                        makes=(BASE,),
                        then=(
                            tags("ListTagsForResource", resourceArn="knowledgeBaseArn"),
                            Ask(
                                operation="ListDataSources",
                                params={"knowledgeBaseId": "knowledgeBaseId"},
                                items="dataSourceSummaries",
                                then=(
                                    Ask(
                                        operation="GetDataSource",
                                        params={"knowledgeBaseId": "knowledgeBaseId", "dataSourceId": "dataSourceId"},
                                        items="dataSource",
                                        makes=(SOURCE,),
                                    ),
                                ),
                            ),
                        ),
                    ),
                ),
            ),
            Ask(
                operation="ListAgents",
                items="agentSummaries",
                then=(
                    Ask(
                        operation="GetAgent",
                        params={"agentId": "agentId"},
                        items="agent",
                        then=(tags("ListTagsForResource", resourceArn="agentArn"),),
                        makes=(AGENT,),
                    ),
                ),
            ),
        ),
    ),
    Service(
        name="bedrock",
        asks=(
            Ask(operation="ListGuardrails", items="guardrails", makes=(GUARDRAIL,)),
            Ask(operation="GetModelInvocationLoggingConfiguration", makes=(INVOCATIONS,)),
        ),
    ),
]
