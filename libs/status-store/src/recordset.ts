type PgType = 'text' | 'uuid' | 'boolean' | 'bigint' | 'timestamptz' | 'jsonb' | 'status_event_kind' | 'status_origin' | 'status_cleared_as';
/** jsonb as JSON text, instants in RFC 3339. */
type Value = string | boolean | null;

/** For each column: its PostgreSQL type and where its value comes from. */
export type Columns<Row> = Readonly<Record<string, readonly [PgType, (row: Row) => Value]>>;

/** Rows as parameters of one set-based statement: one array per column, whatever the number of rows. */
export function recordset<Row>(columns: Columns<Row>, rows: readonly Row[]): {
  /** `unnest($1::text[], …) AS batch(column, …)` */
  readonly sql: string;
  /** `column, …` */
  readonly names: string;
  readonly params: Value[][];
} {
  const names = Object.keys(columns).join(', ');
  const arrays = Object.values(columns).map(([type], index) => `$${index + 1}::${type}[]`);
  return {
    sql: `unnest(${arrays.join(', ')}) AS batch(${names})`,
    names,
    params: Object.values(columns).map(([, valueOf]) => rows.map(valueOf)),
  };
}
