from collections.abc import Iterator
from typing import Any

from assay import LOW, MEDIUM, Finding, Graph, Resource, as_list, is_map, require, rule

_KNOWLEDGE = "knowledge_base_configuration.vector_knowledge_base_configuration"
_MODEL = f"{_KNOWLEDGE}.embedding_model_arn"
_CHOSEN = f"{_KNOWLEDGE}.embedding_model_configuration.bedrock_embedding_model_configuration.dimensions"

# What a model returns unless the knowledge base asks for another size.
_DIMENSIONS = {
    "amazon.titan-embed-text-v1": 1536,
    "amazon.titan-embed-g1-text-02": 1536,
    "amazon.titan-embed-text-v2:0": 1024,
    "amazon.titan-embed-image-v1": 1024,
    "cohere.embed-english-v3": 1024,
    "cohere.embed-multilingual-v3": 1024,
    "cohere.embed-v4:0": 1536,
}


def _of_mapping(fields: Any) -> Iterator[Any]:
    """The dimensions of the vector fields in an index mapping."""
    for field in as_list(fields):
        for settings in field.values():
            if is_map(settings) and settings.get("type") == "knn_vector":
                yield settings.get("dimension")


def _indexes(base: Resource, graph: Graph) -> Iterator[tuple[Resource, str, Any]]:
    """The vector indexes that a knowledge base stores into: each with the attribute and the dimensions it declares."""
    storage = "storage_configuration"
    for index in graph.follow(base, f"{storage}.s3_vectors_configuration.index_arn"):
        yield index, "dimension", index["dimension"]
    name = base[f"{storage}.opensearch_serverless_configuration.vector_index_name"]
    for index in [] if name == None else graph.beside(base, "opensearch_index"):
        if index["name"] == name:
            at = "mappings"  # of another provider, whose schema is not at hand
            for dimension in _of_mapping((index.json(at) or {}).get("properties")):
                yield index, at, dimension


@rule(
    on="aws_bedrockagent_knowledge_base",
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-10"],
    sources=["terraform", "plan"],
)
def aws_bedrock_embedding_mismatch(base: Resource, graph: Graph) -> Iterator[Finding]:
    """The vector index has as many dimensions as the embedding model returns.

    ## Why
    Vectors of another size are refused one by one while documents are ingested: the knowledge base stays empty.
    ## Fix
    Make the index with the model's dimensions, or choose `dimensions` that the index has.
    """
    returned = base[_CHOSEN]
    if returned == None:
        model = base[_MODEL]
        known = [size for name, size in _DIMENSIONS.items() if model != None and model.endswith(f"/{name}")]
        if not known:
            return
        returned = known[0]
    for index, at, dimension in _indexes(base, graph):
        if dimension != returned:
            said = f"the model returns {returned} dimensions, {index} has {dimension}"
            yield base.fails(said, at=_MODEL, because=[index.where(at)])


_CHUNKS = "vector_ingestion_configuration.chunking_configuration"


@rule(
    on="aws_bedrockagent_data_source",
    severity=LOW,
    controls=["nist-800-53r5:SI-10"],
    params={"min_tokens": 300, "max_tokens": 500},
)
def aws_bedrock_chunking(source: Resource, graph: Graph, params: dict[str, int]) -> Iterator[Finding]:
    """Documents are cut into chunks of a size that answers well, with some overlap.

    ## Why
    Chunks that are too small lose the context, too large ones drown the answer, and what stands on a cut is lost.
    ## Fix
    Set `max_tokens` between 300 and 500 and `overlap_percentage` above 0.
    """
    if source[f"{_CHUNKS}.chunking_strategy"] != "FIXED_SIZE":
        return
    fixed = f"{_CHUNKS}.fixed_size_chunking_configuration"
    tokens, overlap = source[f"{fixed}.max_tokens"], source[f"{fixed}.overlap_percentage"]
    if tokens == None or not params["min_tokens"] <= tokens <= params["max_tokens"]:
        wanted = f"{params['min_tokens']} to {params['max_tokens']}"
        yield source.fails(
            f"chunks have {tokens or 'no stated number of'} tokens, not {wanted}", at=f"{fixed}.max_tokens"
        )
    if not overlap:
        yield source.fails("chunks do not overlap", at=f"{fixed}.overlap_percentage")


require(
    "aws-bedrock-agent-no-guardrail",
    on="aws_bedrockagent_agent",
    path="guardrail_configuration.guardrail_identifier",
    present=True,
    severity=MEDIUM,
    controls=["nist-800-53r5:SI-10"],
    equivalents=[
        "CKV_AWS_383",
        "prowler:bedrock_agent_guardrail_enabled",
        "prowler:bedrock_guardrail_contextual_grounding_filter_enabled",
        "prowler:bedrock_guardrail_prompt_attack_filter_enabled",
        "prowler:bedrock_guardrail_sensitive_information_filter_enabled",
        "prowler:bedrock_guardrails_configured",
        "prowler:bedrock_prompt_management_exists",
    ],
    title="Agents have a guardrail.",
    why="Whoever talks to an agent may try to make it say or do what its instructions forbid.",
)
