"""The schemas that this service reads and writes: `schemas/*.avsc`."""

import json
from collections.abc import Mapping
from typing import Any

from consumer.settings import Topics
from consumer.shipped import shipped

STATUS_CHANGED = "student-status-changed"
ACCOUNT_PROVISIONED = "account-provisioned"
ACCOUNT_CHANGED = "account-changed"
ACCOUNT_PROVISIONING_FAILED = "account-provisioning-failed"
WELCOME_EMAIL_STATUS = "welcome-email-status"
ACCOUNT_PLANNED = "account-planned"
OUTCOMES = (ACCOUNT_PROVISIONED, ACCOUNT_CHANGED, ACCOUNT_PROVISIONING_FAILED, WELCOME_EMAIL_STATUS, ACCOUNT_PLANNED)


def schema_text(name: str) -> str:
    """The `.avsc` file of that name. Raises FileNotFoundError for a name that is none of the above."""
    return (shipped("schemas") / f"{name}.avsc").read_text(encoding="utf-8")


def schema(name: str) -> dict[str, Any]:
    """The schema as a mapping."""
    return json.loads(schema_text(name))


def subjects(topics: Topics) -> Mapping[str, str]:
    """Each schema's name by its subject, under Confluent's TopicNameStrategy: the topic and `-value`."""
    return {
        f"{topics.status_changed}-value": STATUS_CHANGED,
        f"{topics.account_provisioned}-value": ACCOUNT_PROVISIONED,
        f"{topics.account_changed}-value": ACCOUNT_CHANGED,
        f"{topics.account_provisioning_failed}-value": ACCOUNT_PROVISIONING_FAILED,
        f"{topics.welcome_email_status}-value": WELCOME_EMAIL_STATUS,
        f"{topics.account_planned}-value": ACCOUNT_PLANNED,
    }
