import type { Raise } from './redis-documents.ts';

const MOST = 10_000;

/** What Redis could not be told: per name the greatest versions. Beyond 10,000 names only that there were too many. */
export class MissedRaises {
  #raises = new Map<string, Raise>();
  #tooMany = false;

  add(raises: readonly Raise[] | 'too many'): void {
    if (raises === 'too many') this.#tooMany = true;
    else for (const raise of raises) this.#raises.set(raise.name, newest(raise, this.#raises.get(raise.name)));
    if (this.#raises.size > MOST) this.#tooMany = true;
    if (this.#tooMany) this.#raises.clear();
  }

  /** All of them, which are then no longer missed. */
  take(): readonly Raise[] | 'too many' {
    const taken = this.#tooMany ? 'too many' : [...this.#raises.values()];
    this.#raises.clear();
    this.#tooMany = false;
    return taken;
  }
}

const newest = ({ name, account = 0, status = 0 }: Raise, before: Raise | undefined): Raise => ({
  name,
  account: Math.max(account, before?.account ?? 0),
  status: Math.max(status, before?.status ?? 0),
});
