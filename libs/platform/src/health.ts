import { gauge } from './metrics.ts';

const up = gauge('heliograph_check_up', 'Whether a check of /readyz passed when it was last asked: 1 or 0', ['check']);

/** What one process depends on, and whether it is there. */
export interface Check {
  readonly name: string;
  /** Resolves when the dependency works; rejects with what is wrong. */
  readonly probe: () => Promise<void> | void;
}

export interface Readiness {
  readonly ready: boolean;
  /** `ok`, or what is wrong, by name. */
  readonly checks: Readonly<Record<string, string>>;
}

/** HTTP status of the answer to `/readyz`. */
export const readinessStatus = ({ ready }: Readiness): number => (ready ? 200 : 503);
/** Body of the answer to `/readyz`. */
export const readinessBody = ({ ready, checks }: Readiness): object => ({ status: ready ? 'ok' : 'unavailable', checks });

const TIMEOUT_MS = 2_000;

const within = async (probe: Check['probe']): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  await Promise.race([Promise.resolve().then(probe), late]).finally(() => clearTimeout(timer));
};

/** The checks of one service; `/readyz` runs them all. */
export class Health {
  readonly #checks: Check[] = [];
  #stopping = false;

  register(check: Check): void {
    this.#checks.push(check);
  }

  /** From now on the service is not ready: load balancers should send nothing more. */
  stopping(): void {
    this.#stopping = true;
  }

  async readiness(): Promise<Readiness> {
    const results = await Promise.all(
      this.#checks.map(async ({ name, probe }) => {
        try {
          await within(probe);
          return [name, 'ok'] as const;
        } catch (error) {
          return [name, error instanceof Error ? error.message || error.name : String(error)] as const;
        }
      }),
    );
    for (const [check, result] of results) up.set({ check }, result === 'ok' ? 1 : 0);
    if (this.#stopping) results.push(['process', 'stopping']);
    return { ready: results.every(([, result]) => result === 'ok'), checks: Object.fromEntries(results) };
  }
}
