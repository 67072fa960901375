"""Airflow 3, the image in a pod: what deploy/kubernetes/cronjob.yaml does, scheduled by Airflow.

The ConfigMap ``hubflake`` (pipeline.json) and the Secret ``hubflake`` are those of that file.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import dag
from kubernetes.client import models as k8s


@dag(schedule="*/30 * * * *", start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1, tags=["hubspot"])
def hubflake_sync_image() -> None:
    KubernetesPodOperator(
        task_id="sync",
        name="hubflake",
        image="hubflake/source-hubspot:0.2.0",
        arguments=["sync", "--config", "/pipeline/pipeline.json", "--json"],
        # Another run of the pipeline is going on: skipped. Any other exit code but 0 is a failure, and tried again.
        skip_on_exit_code=4,
        retries=2,
        retry_delay=timedelta(minutes=5),
        env_from=[k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name="hubflake"))],
        env_vars={"HOME": "/tmp"},
        volumes=[
            k8s.V1Volume(name="pipeline", config_map=k8s.V1ConfigMapVolumeSource(name="hubflake")),
            # Records wait here, compressed, for their commit.
            k8s.V1Volume(name="spool", empty_dir=k8s.V1EmptyDirVolumeSource(size_limit="3Gi")),
        ],
        volume_mounts=[
            k8s.V1VolumeMount(name="pipeline", mount_path="/pipeline", read_only=True),
            k8s.V1VolumeMount(name="spool", mount_path="/tmp"),
        ],
        container_resources=k8s.V1ResourceRequirements(
            requests={"cpu": "500m", "memory": "512Mi"}, limits={"memory": "1Gi"}
        ),
        security_context=k8s.V1PodSecurityContext(
            run_as_non_root=True,
            run_as_user=1000,
            run_as_group=1000,
            seccomp_profile=k8s.V1SeccompProfile(type="RuntimeDefault"),
        ),
        container_security_context=k8s.V1SecurityContext(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=k8s.V1Capabilities(drop=["ALL"]),
        ),
        automount_service_account_token=False,
        # After SIGTERM the step under way is finished and the state is kept.
        termination_grace_period=120,
        log_events_on_failure=True,
    )


hubflake_sync_image()
