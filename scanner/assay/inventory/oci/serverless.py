"""Functions, and what carries messages between them: queues, streams, topics, events, connectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.inventory.masks import masked
from assay.inventory.oci.table import Row, of, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assay.inventory.oci.engine import Item
    from assay.inventory.oci.table import Made


def _configured(item: Item) -> Iterator[Made]:
    """A function or application; of its configuration the names, and of the values what certainly is no secret."""
    if isinstance(item.values.get("config"), dict):
        item.values["config"] = {name: masked(name, value) for name, value in item.values["config"].items()}
    for details in item.values.get("source_details") or []:
        for name in ("image", "image_digest"):  # the provider has them at the top
            if name in details:
                item.values[name] = details[name]
    yield item.made()


FUNCTIONS = table(
    "functions",
    of(
        "functions.FunctionsManagementClient",
        Row("oci_functions_application", "list_applications", "inspect fn-app", get="get_application",
            get_grant="read fn-app", shape=_configured),
        Row("oci_functions_function", "list_functions", "inspect fn-function", get="get_function",
            get_grant="read fn-function", args={"application_id": "parent.id"}, within="oci_functions_application",
            shape=_configured, makes=("oci_functions_invoke_function",)),
    ),
)  # fmt: skip

MESSAGING = table(
    "messaging",
    of("queue.QueueAdminClient", Row("oci_queue_queue", "list_queues", "inspect queues", get="get_queue",
                                     get_grant="read queues")),
    of(
        "streaming.StreamAdminClient",
        Row("oci_streaming_stream_pool", "list_stream_pools", "inspect stream-pools", get="get_stream_pool",
            get_grant="read stream-pools"),
        Row("oci_streaming_stream", "list_streams", "inspect streams", get="get_stream", get_grant="read streams"),
    ),
    of("ons.NotificationControlPlaneClient", Row("oci_ons_notification_topic", "list_topics", "inspect ons-topics",
                                                 address=".topic_id")),
    of("ons.NotificationDataPlaneClient", Row("oci_ons_subscription", "list_subscriptions",
                                              "inspect ons-subscriptions")),
    of("events.EventsClient", Row("oci_events_rule", "list_rules", "inspect cloudevents-rules", get="get_rule",
                                  get_grant="read cloudevents-rules")),
    of("sch.ServiceConnectorClient", Row(
        "oci_sch_service_connector", "list_service_connectors", "inspect serviceconnectors",
        get="get_service_connector", get_grant="read serviceconnectors")),
)  # fmt: skip

TABLES = (FUNCTIONS, MESSAGING)
