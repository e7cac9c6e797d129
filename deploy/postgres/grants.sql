-- What the service's role needs of the ledger's tables, and no more; for their owner, behind each `provisioner db upgrade`.
-- Written by `provisioner db grants`. `provisioner db upgrade --grant-to provisioner` does both.
GRANT SELECT, INSERT, UPDATE, DELETE ON account TO provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON address TO provisioner;
GRANT SELECT, INSERT, UPDATE ON adoption TO provisioner;
GRANT SELECT ON alembic_version TO provisioner;
GRANT SELECT, INSERT, DELETE ON attempt TO provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON credential TO provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON guarded_action TO provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON inbox TO provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON leader TO provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON listed_account TO provisioner;
GRANT SELECT, INSERT ON operator_act TO provisioner;
GRANT SELECT, INSERT ON operator_act_student TO provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON parked_record TO provisioner;
GRANT SELECT, INSERT, UPDATE ON partition_epoch TO provisioner;
GRANT SELECT, INSERT, UPDATE ON reconciliation TO provisioner;
GRANT SELECT, INSERT, UPDATE ON relay TO provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON replayed_letter TO provisioner;
GRANT SELECT, INSERT, UPDATE ON step TO provisioner;
GRANT SELECT, INSERT, UPDATE ON student TO provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON student_wait TO provisioner;
GRANT SELECT, INSERT, UPDATE ON tenant_configuration TO provisioner;
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_wait TO provisioner;
GRANT SELECT, INSERT, UPDATE ON vendor_limit TO provisioner;
