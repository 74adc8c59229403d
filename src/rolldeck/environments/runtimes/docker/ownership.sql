-- Gives everything in a database to one role, :'owner', whoever made it: a dump that was loaded by the superuser, or one
-- whose objects belong to roles of the server that it comes from. What belongs to an extension stays the extension's.
WITH ours AS (
    SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
),
everything AS (
    SELECT oid, nspowner AS owner, format('SCHEMA %I', nspname) AS what FROM ours
    UNION ALL
    SELECT c.oid, relowner, format('%s %s', CASE relkind
        WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
        ELSE 'TABLE' END, c.oid::regclass)
    FROM pg_class c JOIN ours ON ours.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      -- The sequence of a column goes with its table.
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND relkind = 'S' AND deptype IN ('a', 'i'))
    UNION ALL
    SELECT p.oid, proowner, format('ROUTINE %s', p.oid::regprocedure) FROM pg_proc p JOIN ours ON ours.oid = pronamespace
    UNION ALL
    SELECT t.oid, typowner, format('%s %s', CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, t.oid::regtype)
    FROM pg_type t JOIN ours ON ours.oid = typnamespace LEFT JOIN pg_class c ON c.oid = typrelid
    WHERE typtype IN ('e', 'd', 'r') OR (typtype = 'c' AND c.relkind = 'c')
)
SELECT format('ALTER %s OWNER TO %I', what, :'owner')
FROM everything JOIN pg_roles ON pg_roles.oid = owner
WHERE rolname <> :'owner' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = everything.oid AND deptype = 'e')
\gexec
