"""The stream simulation: each flow is a DAG of one pod, which copies its objects to `bronze`.

What the pod is, and when it runs, is not said here: components/airflow.ts hands over the very pods
of the CronJobs `replay-training` and `replay-testing`, one file a flow.
"""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG
from pendulum import datetime

FLOWS_FOLDER = Path(os.environ.get("REPLAY_FLOWS", "/etc/lakehouse/flows"))


def replay_dag(flow: str, schedule: str | None, pod: dict[str, Any]) -> None:
    """Makes the DAG of one flow, which Airflow finds by itself.

    Args:
        flow: `training` or `testing`.
        schedule: When it runs, as cron writes it, in UTC; None for only when it is triggered.
        pod: A pod with one container, as Kubernetes' API takes it.
    """
    with DAG(
        f"replay_{flow}",
        description=f"Copies storage/{flow}_data to bronze/{flow}_data in the order of the keys",
        schedule=schedule,
        start_date=datetime(2026, 1, 1, tz="UTC"),
        # A run copies whatever is not there yet: one makes up for all that were missed, and two at
        # a time would do the same work.
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=["lakehouse"],
    ):
        KubernetesPodOperator(
            task_id="copy",
            name=f"replay-{flow}",
            pod_template_dict=pod,
            base_container_name=pod["spec"]["containers"][0]["name"],
            in_cluster=True,
            # On a machine under full load a pod takes its time.
            startup_timeout_seconds=300,
            retries=3,
            retry_delay=timedelta(seconds=10),
            retry_exponential_backoff=2,
            max_retry_delay=timedelta(minutes=5),
        )


for name in ("training", "testing"):
    replay_dag(name, **json.loads((FLOWS_FOLDER / f"{name}.json").read_text()))
