import { createServer, type Server, type Socket, connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { TopicDefinition } from '@heliograph/contracts';
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { ContractEngine } from '../contract-suite.ts';
import { eventBusMigrations } from './migrations.ts';
import { PostgresEventBus } from './postgres-event-bus.ts';

/** Makes the tables of the bus in an empty database. */
export async function migrateBus(url: string): Promise<void> {
  const dataSource = await new DataSource({ type: 'postgres', url, migrations: eventBusMigrations, installExtensions: false }).initialize();
  await dataSource.runMigrations().finally(() => dataSource.destroy());
}

/** As after `migrateBus`. */
export async function emptyBus(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('TRUNCATE bus.partition, bus.message, bus.group_offset, bus.member').finally(() => client.end());
}

/** A way to the server that a test can block. */
export class Gate {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer((socket) => this.#pass(socket));
  /** `cut`: connections break and are refused. `silent`: they are taken, and nothing ever comes back. */
  #state: 'open' | 'cut' | 'silent' = 'open';

  private constructor(url: URL) {
    this.#target = { host: url.hostname, port: Number(url.port || 5432) };
  }

  /** Resolves with the gate and the connection string that leads through it. */
  static async open(url: string): Promise<{ readonly gate: Gate; readonly url: string }> {
    const target = new URL(url);
    const gate = new Gate(target);
    await new Promise<void>((resolve) => gate.#server.listen(0, '127.0.0.1', resolve));
    target.host = `127.0.0.1:${(gate.#server.address() as AddressInfo).port}`;
    return { gate, url: target.href };
  }

  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on nothing passes, but nobody is told. */
  silence(): void {
    this.#state = 'silent';
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  mend(): void {
    this.cut();
    this.#state = 'open';
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #pass(near: Socket): void {
    if (this.#state === 'cut') return void near.destroy();
    this.#keep(near);
    if (this.#state === 'silent') return;
    const far = connect(this.#target);
    this.#keep(far);
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket.setNoDelay(true));
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
  }
}

interface Instance {
  readonly gate: Gate;
  readonly pool: pg.Pool;
}

/** The embedded engine as its specs need it: each instance has a way of its own to PostgreSQL, which can be cut. */
export class EmbeddedEngine implements ContractEngine {
  readonly #url: string;
  readonly #topics: readonly TopicDefinition[];
  readonly #instances = new Map<PostgresEventBus, Instance>();

  constructor(url: string, topics: readonly TopicDefinition[]) {
    this.#url = url;
    this.#topics = topics;
  }

  async bus(): Promise<PostgresEventBus> {
    const { gate, url } = await Gate.open(this.#url);
    const pool = new pg.Pool({ connectionString: url, max: 6 });
    const bus = new PostgresEventBus({ pool, connectionString: url, topics: this.#topics });
    this.#instances.set(bus, { gate, pool });
    return bus;
  }

  /** The way of that instance to PostgreSQL. */
  gateOf(bus: PostgresEventBus): Gate {
    return this.#instances.get(bus)!.gate;
  }

  async crash(bus: PostgresEventBus): Promise<void> {
    this.gateOf(bus).close();
  }

  async cut(): Promise<void> {
    for (const { gate } of this.#instances.values()) gate.cut();
  }

  async mend(): Promise<void> {
    for (const { gate } of this.#instances.values()) gate.mend();
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.#instances].map(async ([bus, { gate, pool }]) => {
        await bus.close();
        await pool.end();
        gate.close();
      }),
    );
  }
}
