import type { DataSource, EntityManager } from 'typeorm';
import { REPLACED, Run, SIDE } from './run.ts';

/** What a rebuild makes anew. `erasure_due` has no side table that is swapped: what it lacks is added. */
export const REBUILT = ['current_status', 'status_history'] as const;
export type Rebuilt = (typeof REBUILT)[number];

const LIVE = REBUILT.map((table) => `'${table}'::regclass`).join(', ');

/**
 * What hangs on the live tables and would stay with the replaced ones: views, triggers, policies, publications, foreign keys; and
 * partitions, which the new ones would lack. Heliograph makes none of them. Their names, most often none.
 */
export async function obstacles(manager: EntityManager): Promise<readonly string[]> {
  const rows: { what: string }[] = await manager.query(
    `SELECT DISTINCT 'view ' || w.ev_class::regclass AS what FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
       WHERE d.refobjid IN (${LIVE}) AND d.refclassid = 'pg_class'::regclass AND w.ev_class NOT IN (${LIVE})
     UNION SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid IN (${LIVE}) AND NOT tgisinternal
     UNION SELECT 'policy ' || polname FROM pg_policy WHERE polrelid IN (${LIVE})
     UNION SELECT 'publication ' || pubname FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid IN (${LIVE})
     UNION SELECT 'foreign key ' || conname FROM pg_constraint WHERE contype = 'f' AND (conrelid IN (${LIVE}) OR confrelid IN (${LIVE}))
     UNION SELECT 'partitions of ' || relname FROM pg_class WHERE oid IN (${LIVE}) AND relkind <> 'r'
     ORDER BY what`,
  );
  return rows.map(({ what }) => what);
}

/** Makes side tables like the live ones: columns, constraints, storage, owner and rights. Their indexes come when they are full. */
export async function createSideTables(dataSource: DataSource): Promise<Run> {
  return dataSource.transaction(async (manager) => {
    await manager.query(`CREATE SCHEMA ${SIDE}`);
    await manager.query(`CREATE SCHEMA ${REPLACED}`);
    for (const table of REBUILT) {
      await manager.query(`CREATE TABLE ${SIDE}.${table} (LIKE ${table} INCLUDING ALL EXCLUDING INDEXES)`);
      for (const { statement } of await manager.query<{ statement: string }[]>(LIKENESS, [table])) await manager.query(statement);
    }
    await manager.query(`CREATE TABLE ${SIDE}.erasure_due (LIKE erasure_due INCLUDING ALL)`);
    await manager.query(`CREATE TABLE ${SIDE}.run (id uuid PRIMARY KEY)`);
    const [run]: { id: string }[] = await manager.query(`INSERT INTO ${SIDE}.run VALUES (gen_random_uuid()) RETURNING id`);
    if (!run) throw new Error('an insert returned no row');
    return new Run(dataSource, run.id);
  });
}

/** What LIKE leaves out: statements that give the side table `$1` the live one's parameters (fillfactor), owner and rights. */
const LIKENESS = `
  WITH live AS (SELECT * FROM pg_class WHERE oid = $1::regclass), side AS (SELECT format('%I.%I', '${SIDE}', $1::text) AS name)
  SELECT format('ALTER TABLE %s SET (%s)', name, array_to_string(reloptions, ', ')) AS statement FROM live, side WHERE reloptions IS NOT NULL
  UNION ALL
  SELECT format('ALTER TABLE %s OWNER TO %s', name, relowner::regrole) FROM live, side WHERE relowner <> current_user::regrole
  UNION ALL
  SELECT format('GRANT %s ON %s TO %s%s', privilege_type, name, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
                CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END)
  FROM live, side, aclexplode(relacl) WHERE grantee <> relowner`;

/** Statements that give the side tables the live ones' indexes and keys, by the same names, and their statistics. */
export async function indexStatements(manager: EntityManager): Promise<readonly string[]> {
  const rows: { statement: string }[] = await manager.query(
    `SELECT CASE WHEN k.oid IS NULL
         -- The definition names the live table once, after the index's own name.
         THEN replace(pg_get_indexdef(i.indexrelid), format(' ON %I.%I USING ', n.nspname, t.relname), format(' ON ${SIDE}.%I USING ', t.relname))
         ELSE format('ALTER TABLE ${SIDE}.%I ADD CONSTRAINT %I %s', t.relname, k.conname, pg_get_constraintdef(k.oid)) END AS statement
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
     LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')
     WHERE i.indrelid IN (${LIVE}) ORDER BY t.relname, k.oid IS NULL, i.indexrelid`,
  );
  return [...rows.map(({ statement }) => statement), ...REBUILT.map((table) => `ANALYZE ${SIDE}.${table}`)];
}

/** Whether the side tables still are made as the live ones are: not when a migration has changed those meanwhile. Locked, they stay as they are. */
export async function sameShape(manager: EntityManager): Promise<boolean> {
  const shape = (table: Rebuilt, from: string): string => `
    SELECT '${table}', attname::text, format_type(atttypid, atttypmod), attnotnull::text FROM pg_attribute WHERE attrelid = '${from}'::regclass AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT '${table}', conname, pg_get_constraintdef(oid), NULL FROM pg_constraint WHERE conrelid = '${from}'::regclass
    UNION ALL SELECT '${table}', c.relname, NULL, NULL FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = '${from}'::regclass`;
  const [live, side] = [REBUILT.map((table) => shape(table, table)).join(' UNION ALL '), REBUILT.map((table) => shape(table, `${SIDE}.${table}`)).join(' UNION ALL ')];
  const different: unknown[] = await manager.query(`((${live}) EXCEPT (${side})) UNION ALL ((${side}) EXCEPT (${live}))`);
  return different.length === 0;
}

/** Puts the side tables in place of the live ones, which have to be locked: indexes and constraints move along and keep their names. */
export async function exchange(manager: EntityManager): Promise<void> {
  const schemas: { table: Rebuilt; schema: string }[] = await manager.query(
    `SELECT relname AS table, quote_ident(nspname) AS schema FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace WHERE t.oid IN (${LIVE})`,
  );
  for (const { table, schema } of schemas) {
    await manager.query(`ALTER TABLE ${schema}.${table} SET SCHEMA ${REPLACED}`);
    await manager.query(`ALTER TABLE ${SIDE}.${table} SET SCHEMA ${schema}`);
  }
}

/** Drops everything that a rebuild made, finished or cut off; nothing may be noting changes any more. */
export async function dropSideTables(manager: EntityManager): Promise<void> {
  await manager.query(`DROP SCHEMA IF EXISTS ${SIDE}, ${REPLACED} CASCADE`);
}
