#!/usr/bin/env bash
# What the service may do on Kafka, and no more; for an administrator, once, and again where topics are renamed. Safe to repeat.
#
#   BOOTSTRAP_SERVERS=broker:9093 COMMAND_CONFIG=admin.properties deploy/kafka/acls.sh
#
# User:provisioner        runs the service
# User:provisioner-setup  runs `provisioner topics create`; needs nothing once the topics are there
#
# Names of topics, group and transactional id are the defaults of config/service.yaml: change both.
set -euo pipefail

acls() {
  kafka-acls.sh --bootstrap-server "$BOOTSTRAP_SERVERS" ${COMMAND_CONFIG:+--command-config "$COMMAND_CONFIG"} --add "$@"
}

# The events, as a member of the group.
acls --allow-principal User:provisioner --operation Read --topic student-status-changed --group provisioner

# The outcomes and the relay's progress, which are read back after a crash or with a restored ledger: by consumers that join no group.
acls --allow-principal User:provisioner --operation Read --operation Write \
  --topic account-provisioned --topic account-changed --topic account-provisioning-failed \
  --topic welcome-email-status --topic account-planned --topic provisioner.relay-progress

acls --allow-principal User:provisioner --operation Write --topic student-status-changed.dead-letters

# All of them are published in transactions of this id, which fences the relay's predecessor.
acls --allow-principal User:provisioner --operation Write --operation Describe --transactional-id provisioner-relay

# `provisioner config check --connect` compares the topics' settings with what they must be.
every_topic=(
  --topic student-status-changed --topic student-status-changed.dead-letters --topic provisioner.relay-progress
  --topic account-provisioned --topic account-changed --topic account-provisioning-failed
  --topic welcome-email-status --topic account-planned
)
acls --allow-principal User:provisioner --operation DescribeConfigs "${every_topic[@]}"

acls --allow-principal User:provisioner-setup --operation Create --operation Describe "${every_topic[@]}"
