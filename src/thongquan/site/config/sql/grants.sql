-- What the roles may do, given anew after every migration. Run as tq_owner; rights.csv says the rest, table by table.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, tq_app, tq_seal, tq_report, tq_break_glass;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, tq_app, tq_seal, tq_report, tq_break_glass;
-- Guards are called by their triggers alone.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
-- A backup reads where each sequence stands; nobody may move one by hand.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO tq_app;

DROP SCHEMA IF EXISTS report, break_glass CASCADE;
CREATE SCHEMA report;
CREATE SCHEMA break_glass;
REVOKE ALL ON SCHEMA report, break_glass FROM PUBLIC;
GRANT USAGE ON SCHEMA report TO tq_report;
GRANT USAGE ON SCHEMA break_glass TO tq_break_glass;

-- An emergency begins with its reason, in the record: an event like any other, chained, sealed and anchored.
CREATE FUNCTION break_glass.open(reason text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $open$
DECLARE
    before record;
    number integer;
    previous text;
    moment timestamptz := clock_timestamp();
    body text;
BEGIN
    IF length(btrim(coalesce(reason, ''))) < 10 THEN
        RAISE EXCEPTION 'BREAK_GLASS_NEEDS_REASON: say why, in a sentence';
    END IF;
    PERFORM pg_advisory_xact_lock(x'7471676c617373'::bigint);
    SELECT e.n, e.hash INTO before FROM public.record_event e WHERE e.subject = 'break-glass' ORDER BY e.n DESC LIMIT 1;
    number := coalesce(before.n, 0) + 1;
    previous := coalesce(before.hash, repeat('0', 64));
    -- Keys in the order of their letters and no spaces, as every event of the record is written.
    body := '{"act":"break_glass","actor":' || to_json(session_user::text)::text
        || ',"at":"' || to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        || '","n":' || number || ',"office":"","role":"OPERATOR","says":{"reason":' || to_json(reason)::text
        || '},"subject":"break-glass"}';
    INSERT INTO public.record_event (subject, n, act, at, recorded_at, actor, role, office, body, prev, hash)
    VALUES ('break-glass', number, 'break_glass', moment, moment, session_user, 'OPERATOR', '', body, previous,
            encode(sha256(convert_to(previous || E'\n' || body, 'UTF8')), 'hex'));
END $open$;

CREATE FUNCTION break_glass.is_open() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $is_open$
    SELECT EXISTS (
        SELECT FROM public.record_event e
        WHERE e.subject = 'break-glass' AND e.act = 'break_glass' AND e.actor = session_user
          AND e.recorded_at > clock_timestamp() - interval '1 hour'
    )
$is_open$;

REVOKE ALL ON FUNCTION break_glass.open(text), break_glass.is_open() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION break_glass.open(text), break_glass.is_open() TO tq_break_glass;
