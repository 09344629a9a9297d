/** One place where the live tables are not what the log says. */
export interface Difference {
  readonly table: 'current_status' | 'status_history' | 'erasure_due';
  readonly actor: string;
  /** Of the history: status id and `published` of the version. Else null. */
  readonly version: string | null;
  /** Null: the row as a whole is missing, here or there. */
  readonly column: string | null;
  /** As text; of words only how many bytes they are, and a hash. Null: NULL, or no row. */
  readonly live: string | null;
  readonly rebuilt: string | null;
}

/** A row that differs: live, and by the log; null where there is none. Words are summed up already. */
export interface DifferentRow {
  readonly table: Difference['table'];
  readonly actor: string;
  readonly version: string | null;
  readonly live: Row | null;
  readonly rebuilt: Row | null;
}
type Row = Readonly<Record<string, string | boolean | null>>;

const text = (value: string | boolean | null | undefined): string | null => (value === null || value === undefined ? null : String(value));

/** What differs in a row, column by column. */
export function differencesOf({ table, actor, version, live, rebuilt }: DifferentRow): readonly Difference[] {
  const place = { table, actor, version };
  if (!live || !rebuilt) return [{ ...place, column: null, live: live && 'a row', rebuilt: rebuilt && 'a row' }];
  return Object.keys(rebuilt)
    .filter((column) => live[column] !== rebuilt[column])
    .map((column) => ({ ...place, column, live: text(live[column]), rebuilt: text(rebuilt[column]) }));
}
