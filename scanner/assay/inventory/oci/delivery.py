"""What is built and where it runs: DevOps, registries, scans, OKE clusters, bastions."""

from __future__ import annotations

from assay.inventory.oci.table import Row, of, table

DEVOPS = table(
    "devops",
    of(
        "devops.DevopsClient",
        Row("oci_devops_project", "list_projects", "inspect devops-project"),
        Row("oci_devops_build_pipeline", "list_build_pipelines", "inspect devops-build-pipeline"),
        Row("oci_devops_build_pipeline_stage", "list_build_pipeline_stages", "inspect devops-build-pipeline-stage",
            get="get_build_pipeline_stage", get_grant="read devops-build-pipeline-stage"),
        Row("oci_devops_deploy_pipeline", "list_deploy_pipelines", "inspect devops-deploy-pipeline",
            get="get_deploy_pipeline", get_grant="read devops-deploy-pipeline"),
        Row("oci_devops_deploy_stage", "list_deploy_stages", "inspect devops-deploy-stage", get="get_deploy_stage",
            get_grant="read devops-deploy-stage"),
        Row("oci_devops_deploy_artifact", "list_deploy_artifacts", "inspect devops-deploy-artifact",
            get="get_deploy_artifact", get_grant="read devops-deploy-artifact"),
        Row("oci_devops_deploy_environment", "list_deploy_environments", "inspect devops-deploy-environment",
            get="get_deploy_environment", get_grant="read devops-deploy-environment"),
        Row("oci_devops_connection", "list_connections", "inspect devops-connection", get="get_connection",
            get_grant="read devops-connection"),
        Row("oci_devops_repository", "list_repositories", "inspect devops-repository", get="get_repository",
            get_grant="read devops-repository"),
    ),
)  # fmt: skip

ARTIFACTS = table(
    "artifacts",
    of(
        "artifacts.ArtifactsClient",
        Row("oci_artifacts_container_repository", "list_container_repositories", "inspect repos",
            get="get_container_repository", get_grant="read repos"),
        Row("oci_artifacts_repository", "list_repositories", "inspect artifact-repositories"),
    ),
    of("vulnerability_scanning.VulnerabilityScanningClient", Row(
        "oci_vulnerability_scanning_container_scan_target", "list_container_scan_targets",
        "inspect container-scan-targets", get="get_container_scan_target", get_grant="read container-scan-targets")),
)  # fmt: skip

CONTAINER_ENGINE = table(
    "container-engine",
    of(
        "container_engine.ContainerEngineClient",
        Row("oci_containerengine_cluster", "list_clusters", "inspect clusters", get="get_cluster",
            get_grant="read clusters"),
        Row("oci_containerengine_addon", "list_addons", "read clusters", get="get_addon", get_grant="read clusters",
            args={"cluster_id": "parent.id"}, key=("parent.id", ".name"), within="oci_containerengine_cluster",
            renames={"name": "addon_name"}, adds={"cluster_id": "parent.id"},
            address="clusters|parent.id|addons|.name"),
        Row("oci_containerengine_node_pool", "list_node_pools", "inspect cluster-node-pools", get="get_node_pool",
            get_grant="read cluster-node-pools"),
    ),
    of("bastion.BastionClient", Row("oci_bastion_bastion", "list_bastions", "inspect bastion", get="get_bastion",
                                    get_grant="read bastion")),
)  # fmt: skip

TABLES = (DEVOPS, ARTIFACTS, CONTAINER_ENGINE)
