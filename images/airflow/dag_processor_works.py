"""Ends with 0 while the API server of this pod hears from the DAG processor, which has no server itself."""

import json
from urllib.request import urlopen

with urlopen("http://localhost:8080/api/v2/monitor/health", timeout=10) as answer:
    status = json.load(answer)["dag_processor"]["status"]
raise SystemExit(status != "healthy")
