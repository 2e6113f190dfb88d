"""The program as it is started in its container."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import flight

from query.config import read_settings

ROOT = Path(__file__).parent.parent


@pytest.fixture
def environment(tmp_path):
    secrets = {
        "S3_ACCESS_KEY_FILE": "reader",
        "S3_SECRET_KEY_FILE": "s3-secret",
        "FLIGHT_USER_FILE": "lakehouse",
        "FLIGHT_PASSWORD_FILE": "flight-secret\n",
    }
    for name, value in secrets.items():
        (tmp_path / name).write_text(value)
    return {
        "NESSIE_URI": "http://127.0.0.1:1/",
        "S3_ENDPOINT": "http://127.0.0.1:1",
        **{name: str(tmp_path / name) for name in secrets},
    }


def test_settings_come_from_the_environment_and_mounted_files(environment):
    settings = read_settings(environment)
    assert (settings.port, settings.nessie_uri) == (32010, "http://127.0.0.1:1")
    assert (settings.user, settings.password) == ("lakehouse", "flight-secret")
    assert (settings.s3_access_key, settings.s3_secret_key) == ("reader", "s3-secret")
    assert (settings.s3_region, settings.memory_limit, settings.threads) == (
        "us-east-1",
        "256MB",
        2,
    )


def test_every_wrong_setting_is_named_at_once(environment):
    del environment["NESSIE_URI"]
    environment |= {"PORT": "many", "S3_SECRET_KEY_FILE": "/nonexistent/key"}
    with pytest.raises(SystemExit) as error:
        read_settings(environment)
    assert str(error.value) == (
        "The query engine cannot start:\n"
        '  PORT must be a whole number, but is "many"\n'
        "  NESSIE_URI is not set\n"
        "  S3_SECRET_KEY_FILE: /nonexistent/key cannot be read: No such file or directory"
    )


def test_it_serves_until_it_is_told_to_stop(environment, tmp_path):
    environment |= {"PORT": "0", "QUERY_SPILL_DIRECTORY": str(tmp_path / "spill")}
    with subprocess.Popen(
        [sys.executable, "-m", "query"],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        lines = iter(process.stdout.readline, "")
        started = json.loads(next(lines))
        assert started["event"] == "listening"
        with flight.connect(f"grpc://127.0.0.1:{started['port']}") as client:
            header = client.authenticate_basic_token("lakehouse", "flight-secret")
            options = flight.FlightCallOptions(headers=[header])
            one = client.do_get(flight.Ticket(b"SELECT 1 AS one"), options).read_all()
            assert one.to_pylist() == [{"one": 1}]
            with pytest.raises(flight.FlightUnavailableError, match=r"The catalog \(Nessie\)"):
                client.do_get(flight.Ticket(b"SELECT * FROM ecommerce_db.orders"), options)
        process.send_signal(signal.SIGTERM)
        log = [json.loads(line) for line in lines]
        assert process.wait(10) == 0
    assert [line["event"] for line in log] == ["query", "query", "stopped"]
    assert "secret" not in json.dumps(log)
