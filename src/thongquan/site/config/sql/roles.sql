-- The roles of a Thông Quan database on PostgreSQL. Run by whoever owns the database, as often as one likes.
--
--   tq_owner        owns every table; nobody signs in as it. Migrations do SET ROLE tq_owner.
--   tq_app          what the site runs as: reads, adds rows, changes the named columns of rows that have a state.
--   tq_seal         the sealer: reads the record and the books, adds places, checkpoints and anchors.
--   tq_report       statistics: views without personal columns, and nothing else.
--   tq_break_glass  an emergency: reads everything for an hour after it has said why, in the record itself.
--
-- No role may change or delete what the record holds; the tables' triggers refuse their owner too. Give people and
-- services logins of their own, members of one of these:
--
--   CREATE ROLE thongquan LOGIN PASSWORD '…' IN ROLE tq_app;
--   CREATE ROLE thongquan_sealer LOGIN PASSWORD '…' IN ROLE tq_seal;
--   CREATE ROLE thongquan_admin LOGIN PASSWORD '…' NOINHERIT IN ROLE tq_owner;

-- Roles belong to the whole cluster: two who set theirs up at once wait for each other.
SELECT pg_advisory_xact_lock(x'7471726f6c6573'::bigint);

DO $roles$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['tq_owner', 'tq_app', 'tq_seal', 'tq_report', 'tq_break_glass'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', wanted);
        END IF;
    END LOOP;
    -- Whoever migrates must be able to become the owner; whoever owned the tables gives them away.
    IF NOT pg_has_role(current_user, 'tq_owner', 'MEMBER') THEN
        EXECUTE format('GRANT tq_owner TO %I', current_user);
    END IF;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO tq_owner, tq_app, tq_seal, tq_report, tq_break_glass', current_database());
    EXECUTE format('GRANT CREATE ON DATABASE %I TO tq_owner', current_database());
END $roles$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO tq_app, tq_seal, tq_break_glass;
GRANT USAGE, CREATE ON SCHEMA public TO tq_owner;

-- Everything that stands is the owner's: tables with their sequences, and the functions of the guards.
DO $owned$
DECLARE
    thing record;
BEGIN
    FOR thing IN
        SELECT format('ALTER TABLE %I.%I OWNER TO tq_owner', n.nspname, c.relname) AS change
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
        UNION ALL
        SELECT format('ALTER FUNCTION %s OWNER TO tq_owner', p.oid::regprocedure)
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'public'
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        UNION ALL
        -- After a restore the views' schemas belong to whoever restored; their owner makes them anew.
        SELECT format('ALTER SCHEMA %I OWNER TO tq_owner', n.nspname)
        FROM pg_namespace n WHERE n.nspname IN ('report', 'break_glass')
    LOOP
        EXECUTE thing.change;
    END LOOP;
END $owned$;
