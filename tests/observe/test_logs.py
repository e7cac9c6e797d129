"""What a process writes to standard error: lines of one form, whichever library logs."""

import json
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


def test_a_line_that_librdkafka_repeats_is_logged_once_in_a_minute() -> None:
    lines = logged("""
for tries in range(100):
    message = f"127.0.0.1:9092: Connection refused (after {tries}ms in state CONNECT)"
    logging.getLogger("librdkafka").error("%s [%s] %s", "FAIL", "provisioner-relay#producer-2", message)
    logging.getLogger("librdkafka").error("%s [%s] %s", "FAIL", "provisioner-intake#consumer-1", message)
""")
    assert [line["client"] for line in lines] == ["provisioner-relay#producer-2", "provisioner-intake#consumer-1"]


def test_a_line_that_a_loop_repeats_is_logged_once_in_a_minute_for_each_cause() -> None:
    lines = logged("""
log = structlog.get_logger()
for _ in range(3):
    log.warning("waiting_for_dependency", condition="database", why="refused")
    log.warning("waiting_for_dependency", condition="registry", why="refused")
""")
    assert [line["condition"] for line in lines] == ["database", "registry"]


def test_a_line_that_no_loop_repeats_is_logged_each_time() -> None:
    assert len(logged("for _ in range(3): structlog.get_logger().info('stopped')")) == 3


def test_a_line_has_its_own_fields_and_no_others() -> None:
    (line,) = logged("structlog.get_logger().info('tenant_added', tenant_id='north', name='Maria Rossi')")
    del line["timestamp"]
    assert line == {"level": "info", "event": "tenant_added", "schema": 1, "tenant_id": "north"}


def test_of_a_line_that_is_not_listed_nothing_is_logged_but_that_there_was_one() -> None:
    (line,) = logged("structlog.get_logger().error('Maria Rossi', address='maria@home.example')")
    del line["timestamp"]
    assert line == {"level": "error", "event": "unlisted", "schema": 1}


def test_what_is_bound_for_a_student_is_in_each_line_about_the_student() -> None:
    lines = logged("""
from consumer.observe.log_context import about_student
trace = "4bf92f3577b34da6a3ce929d0e0e4736"
log = structlog.get_logger()
with about_student("north", "S1", "e1", attempt=2, traceparent=f"00-{trace}-00f067aa0ba902b7-01"):
    log.info("lease_lost", epoch=7)
log.info("tenants_dir_readable")
""")
    about = {name: lines[0][name] for name in ("tenant_id", "student_id", "event_id", "attempt", "trace_id", "epoch")}
    assert list(about.values()) == ["north", "S1", "e1", 2, "4bf92f3577b34da6a3ce929d0e0e4736", 7]
    assert "tenant_id" not in lines[1]


def test_what_is_bound_for_a_record_says_where_it_is() -> None:
    (line,) = logged("""
from consumer.observe.log_context import about_record
with about_record(("events", 3, 17), [("traceparent", b"not one")]):
    structlog.get_logger().warning("dead_letter", reason="wrong_magic")
""")
    assert (line["topic"], line["partition"], line["offset"]) == ("events", 3, 17)
    assert "trace_id" not in line


def test_the_level_can_be_changed_to_debug_and_back_while_the_process_runs() -> None:
    lines = logged(
        """
levels = logs.configure("warning", "json")
log = structlog.get_logger()
for step in ("before", "while", "after"):
    log.debug("limit_not_slowed", limit=step, reason="x")
    levels.toggle()
""",
        level="warning",
    )
    assert [line.get("limit") or line["to"] for line in lines] == ["debug", "while", "warning", "debug"]


def test_on_a_terminal_a_line_is_laid_out_for_people() -> None:
    command = [sys.executable, "-c", PRELUDE.format(level="info").replace('"json"', '"console"') + _STARTED]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  ours
    assert "started" in done.stderr
    assert "port=8080" in done.stderr
    assert "{" not in done.stderr


_STARTED = "structlog.get_logger().info('started', port=8080)"


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
