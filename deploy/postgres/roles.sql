-- The roles of an installation, for an administrator; in the service's database, before the first `provisioner db upgrade`.
-- Safe to repeat. Give each role its password afterwards: \password provisioner
--
-- provisioner_migration  runs `provisioner db upgrade`: makes the tables, and owns them
-- provisioner            runs the service: has what deploy/postgres/grants.sql gives it, and makes nothing
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'provisioner_migration') THEN
    CREATE ROLE provisioner_migration LOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'provisioner') THEN
    CREATE ROLE provisioner LOGIN;
  END IF;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO provisioner_migration, provisioner', current_database());
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO provisioner_migration;
GRANT USAGE ON SCHEMA public TO provisioner;
