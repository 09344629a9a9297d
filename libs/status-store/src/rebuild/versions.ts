import type { DataSource } from 'typeorm';

/** Behind everything that begins with the same text, in the order of code points. */
const LAST = '\u{10FFFF}';

/** The versions of all actors whose IRI is `prefix` and more, page by page: for caches that have to be told of a rebuild. */
export async function* versionsUnder(
  dataSource: DataSource,
  prefix: string,
  pageSize = 500,
): AsyncGenerator<readonly { readonly actor: string; readonly version: number }[]> {
  for (let after = prefix, more = true; more; ) {
    const rows: { actor: string; version: string }[] = await dataSource.query(
      'SELECT actor, version FROM current_status WHERE actor > $1 AND actor < $2 ORDER BY actor LIMIT $3',
      [after, prefix + LAST, pageSize],
    );
    yield rows.map(({ actor, version }) => ({ actor, version: Number(version) }));
    after = rows.at(-1)?.actor ?? after;
    more = rows.length === pageSize;
  }
}
