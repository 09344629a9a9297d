import { connect } from 'node:net';
import pg from 'pg';

/** After the request to give it up, a connection that still says nothing is dead. */
const ANSWER_MS = 5_000;
/** Of PostgreSQL's protocol, in place of a version. */
const CANCEL_REQUEST = 80_877_102;

export interface BoundedClientConfig extends pg.ClientConfig {
  /** Longest time for a statement, ms. */
  readonly boundedMs: number;
}

/** What the driver's types leave out of its client. */
interface Insides {
  readonly processID: number;
  readonly secretKey: number;
  readonly connection: { readonly stream: { destroy(error: Error): void } };
}

/**
 * Gives statements up by itself, for connections through a pooler: PgBouncer refuses `statement_timeout` when a connection begins, and a
 * plain SET would stay with whichever of its connections came first, so that others got our timeout and most of our statements had none.
 * PostgreSQL is asked to cancel the statement, as psql's Ctrl-C does, which poolers pass on: it ends there too, and rejects with SQLSTATE
 * 57014, as with `statement_timeout`.
 */
export class BoundedClient extends pg.Client {
  readonly #boundedMs: number;

  constructor(config: BoundedClientConfig) {
    super(config);
    this.#boundedMs = config.boundedMs;
    const send = this.query.bind(this) as (...args: unknown[]) => unknown;
    // Not an override: the driver's overloads are many, and whoever uses a pool waits for promises.
    this.query = ((...args: unknown[]) => {
      const answer = send(...args);
      if (answer instanceof Promise) this.#watch(answer);
      return answer;
    }) as typeof this.query;
  }

  #watch(answer: Promise<unknown>): void {
    let timer = setTimeout(() => {
      this.#cancel();
      timer = setTimeout(() => this.#insides().connection.stream.destroy(new Error('Connection terminated: no answer')), ANSWER_MS);
    }, this.#boundedMs);
    const settled = (): void => clearTimeout(timer);
    answer.then(settled, settled);
  }

  #cancel(): void {
    const { processID, secretKey } = this.#insides();
    const request = Buffer.alloc(16);
    [request.length, CANCEL_REQUEST, processID, secretKey].forEach((value, i) => request.writeInt32BE(value, 4 * i));
    const { host, port } = this;
    const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    // Who has heard it ends the connection; to PgBouncer, one that we end ourselves takes the request back.
    socket.on('error', () => undefined).setTimeout(ANSWER_MS, () => socket.destroy());
    socket.write(request);
  }

  #insides(): Insides {
    return this as unknown as Insides;
  }
}
