"""What a process writes to standard error: lines of one form, whichever library logs."""

import json
import logging
import subprocess
import sys
from typing import Any

import pytest

PRELUDE = """
import logging
import structlog
from consumer.observe import logs
logs.configure("{level}", "json")
"""


def logged(script: str, *, level: str = "info") -> list[dict[str, Any]]:
    """What a process writes that runs the script once its logs are set up. Fails where a line is not JSON."""
    command = [sys.executable, "-c", PRELUDE.format(level=level) + script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  ours
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_library_s_warning_is_a_line_like_ours() -> None:
    (line,) = logged("logging.getLogger('asyncio').warning('took %d s', 3)")
    assert (line["event"], line["level"], line["logger"], line["message"]) == (
        "library",
        "warning",
        "asyncio",
        "took 3 s",
    )
    assert "timestamp" in line


def test_what_libraries_say_below_warnings_is_not_logged() -> None:
    assert logged("logging.getLogger('httpx').info('GET https://…/users/maria.rossi')", level="debug") == []


def test_the_text_of_a_library_s_exception_is_not_logged() -> None:
    (line,) = logged("""
try:
    raise ValueError("maria.rossi@home.example")
except ValueError:
    logging.getLogger("aiohttp.server").exception("Error handling request")
""")
    assert line["error"] == "ValueError"
    assert "maria" not in json.dumps(line)


def test_librdkafka_s_lines_are_ours_with_their_levels() -> None:
    lines = logged("""
log = logging.getLogger("librdkafka")
log.log(logging.INFO, "%s [%s] %s", "GETSUBSCRIPTIONS", "provisioner-intake#consumer-1", "[thrd:main]: nothing")
log.log(logging.ERROR, "%s [%s] %s", "FAIL", "provisioner-relay#producer-2", "[thrd:b]: Connection refused")
""")
    assert [(line["event"], line["level"], line["client"]) for line in lines] == [
        ("librdkafka", "info", "provisioner-intake#consumer-1"),
        ("librdkafka", "warning", "provisioner-relay#producer-2"),
    ]
    assert lines[1]["facility"] == "FAIL"
    assert lines[1]["message"] == "[thrd:b]: Connection refused"


def test_librdkafka_is_no_more_talkative_than_the_level_that_is_set() -> None:
    script = "logging.getLogger('librdkafka').error('%s [%s] %s', 'FAIL', 'provisioner', 'Connection refused')"
    assert logged(script, level="error") == []


def test_a_line_that_librdkafka_repeats_is_logged_once_in_half_a_minute() -> None:
    lines = logged("""
for tries in range(100):
    message = f"127.0.0.1:9092: Connection refused (after {tries}ms in state CONNECT)"
    logging.getLogger("librdkafka").error("%s [%s] %s", "FAIL", "provisioner-relay#producer-2", message)
    logging.getLogger("librdkafka").error("%s [%s] %s", "FAIL", "provisioner-intake#consumer-1", message)
""")
    assert [line["client"] for line in lines] == ["provisioner-relay#producer-2", "provisioner-intake#consumer-1"]


def test_a_repeated_line_is_logged_again_with_the_number_left_out() -> None:
    from consumer.observe.libraries import Sparing  # noqa: PLC0415

    now = 0.0
    sparing = Sparing(clock=lambda: now)
    record = logging.makeLogRecord({"name": "librdkafka", "msg": "%s [%s] %s", "args": ("FAIL", "c", "refused, 3 ms")})
    assert [sparing.left_out(record) for _ in range(5)] == [0, None, None, None, None]
    now = 31.0
    assert sparing.left_out(record) == 4


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["intake", "relay", "letters", "admin"])
def test_every_client_of_kafka_logs_so(kind: str) -> None:
    lines = logged(f"""
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from consumer import kafka
from consumer.settings import KafkaSettings

settings = KafkaSettings(bootstrap_servers="127.0.0.1:1")
client = {{
    "intake": lambda: Consumer(kafka.intake_config(settings)),
    "relay": lambda: Producer(kafka.relay_config(settings, transactional_id="r")),
    "letters": lambda: Producer(kafka.producer_config(settings, name="dead-letters")),
    "admin": lambda: AdminClient(kafka.admin_config(settings)),
}}["{kind}"]()
for _ in range(20):
    client.poll(0.1)
""")
    assert {line["event"] for line in lines} == {"librdkafka"}
    assert {line["level"] for line in lines} == {"warning"}
    assert any("Connection refused" in line["message"] for line in lines)


@pytest.mark.slow
def test_a_command_that_sets_up_no_logs_shows_nothing_of_librdkafka() -> None:
    script = """
from confluent_kafka import Producer
from consumer import kafka
from consumer.settings import KafkaSettings
client = Producer(kafka.producer_config(KafkaSettings(bootstrap_servers="127.0.0.1:1"), name="x"))
for _ in range(10):
    client.poll(0.1)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  ours
    assert done.stderr == ""
