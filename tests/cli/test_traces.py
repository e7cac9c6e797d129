"""Spans are sent to the collector that the service file names."""

import pytest

from consumer.cli.traces import traced
from consumer.observe import tracing
from consumer.secrets import opener
from consumer.settings import SecretRef, TracingSettings
from testbed.parts.collector import Collector


def test_spans_are_sent_and_none_is_recorded_afterwards() -> None:
    with Collector() as collector:
        with traced(TracingSettings(endpoint=collector.url), opener({})), tracing.span("step create"):
            pass
        assert [span.name for span in collector.spans()] == ["step create"]
    assert not tracing.is_on()


def test_the_collector_gets_the_headers_that_it_asks_for() -> None:
    headers = {"x-key": SecretRef("env:KEY")}
    with Collector() as collector:
        settings = TracingSettings.model_construct(endpoint=collector.url, headers=headers)
        with traced(settings, opener({"KEY": "secret"})), tracing.span("step create"):
            pass
        assert {key.lower(): value for key, value in collector.headers()[0].items()}["x-key"] == "secret"


def test_none_is_recorded_where_the_share_is_nothing() -> None:
    with Collector() as collector:
        with traced(TracingSettings(endpoint=collector.url, share=0.0), opener({})), tracing.span("step create"):
            pass
        assert collector.spans() == []


def test_without_the_section_nothing_is_recorded() -> None:
    with traced(None, opener({})):
        assert not tracing.is_on()


def test_headers_are_not_sent_in_the_clear() -> None:
    with pytest.raises(ValueError, match="https"):
        TracingSettings(endpoint="http://collector.example:4318/v1/traces", headers={"x-key": SecretRef("env:KEY")})
