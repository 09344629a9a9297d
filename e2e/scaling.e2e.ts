import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ALL_TOPICS, GROUPS, statusRecordedCodec, statusSubmittedCodec, TOPICS } from '@heliograph/contracts';
import { migrate, openDataSource } from '@heliograph/engines';
import { applyTopics, KafkaEventBus, openMessage } from '@heliograph/event-bus';
import { makeEvent, type StatusPublished } from '@heliograph/status';
import { createTestDatabase, describeWithEngine, eventually, freePort, type TestDatabase } from '@heliograph/testkit';
import kafkajs, { type Admin } from 'kafkajs';
import type { DataSource } from 'typeorm';
import { type RunningKafka, startKafka } from '../tools/engines/kafka.mjs';

const MAIN = path.resolve(import.meta.dirname, '../apps/status-projection/dist/main.js');
const ACTORS = Array.from({ length: 60 }, (_, n) => `https://remote.example/users/${n}`);
const PATIENCE_MS = 60_000;
const { name: SUBMITTED, partitions: PARTITIONS } = TOPICS.statusSubmitted;

/** One process of status-projection. */
interface Projection {
  readonly child: ChildProcess;
  /** Messages that it has worked off and committed. */
  had(): Promise<number>;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

// With a broker of its own: the topics are those of a whole instance.
describeWithEngine('kafka', 'Processes of status-projection', () => {
  let dataDir: string;
  let kafka: RunningKafka;
  let database: TestDatabase;
  let dataSource: DataSource;
  let bus: KafkaEventBus;
  let admin: Admin;
  const running: Projection[] = [];
  /** What was acknowledged, and what `status.recorded` has told: event ids by actor, each once, in the order of the first arrival. */
  const [sent, told] = [new Map<string, string[]>(), new Map<string, Set<string>>()];

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'heliograph-kafka-'));
    [kafka, database] = await Promise.all([startKafka({ dataDir }), createTestDatabase()]);
    const connection = { brokers: [kafka.brokers], clientId: 'spec' };
    await applyTopics(connection, ALL_TOPICS, { replication: 1, minInsyncReplicas: 1 });
    dataSource = await openDataSource(database.url, 2);
    await migrate(dataSource);
    bus = new KafkaEventBus({ ...connection, topics: ALL_TOPICS });
    admin = new kafkajs.Kafka({ ...connection, logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
    await bus.subscribe({
      topics: [TOPICS.statusRecorded.name],
      group: null,
      onBatch: async ({ messages }) => {
        for (const { key, value } of messages) {
          const seen = told.get(key) ?? new Set();
          told.set(key, seen.add(openMessage(statusRecordedCodec, value).data.eventId));
        }
      },
    });
  }, 120_000);
  afterAll(async () => {
    for (const { child, end } of running) if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
    await admin?.disconnect();
    await bus?.close();
    await dataSource?.destroy();
    await database?.drop();
    await kafka?.kill();
    await rm(dataDir, { recursive: true, force: true });
  }, 60_000);

  async function start(): Promise<Projection> {
    const port = await freePort();
    const env = { PATH: process.env['PATH'], DATABASE_URL: database.url, KAFKA_BROKERS: kafka.brokers, HELIO_PORT: String(port), HELIO_HOST: '127.0.0.1', HELIO_LOG_LEVEL: 'silent' };
    const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const page = async (resource: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${resource}`);
    const projection: Projection = {
      child,
      had: async () => Number(/^heliograph_consumer_messages_total\{[^}]*topic="status\.submitted\.v1"[^}]*\} (\d+)/m.exec(await (await page('/metrics')).text())?.[1] ?? 0),
      end: (signal) => (child.kill(signal), exited),
    };
    running.push(projection);
    await eventually(async () => expect((await page('/readyz')).status).toBe(200), PATIENCE_MS);
    return projection;
  }

  /** How many partitions each member of the group has, the greatest share first. */
  async function shares(): Promise<readonly number[]> {
    const { groups } = await admin.describeGroups([GROUPS.projection]);
    const assignments = groups[0]!.members.map(({ memberAssignment }) => kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment[SUBMITTED] ?? []);
    // Each partition has one member.
    expect(assignments.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: PARTITIONS }, (_, partition) => partition));
    return assignments.map(({ length }) => length).sort((a, b) => b - a);
  }
  const shared = (...expected: readonly number[]): Promise<void> => eventually(async () => expect(await shares()).toEqual(expected), PATIENCE_MS);

  /** A status of each actor after the other, until it is told to stop; resolves when all are acknowledged. */
  async function load(signal: AbortSignal): Promise<void> {
    for (let number = 0; !signal.aborted; number += 1) {
      const events = ACTORS.map((actor): StatusPublished => {
        const published = new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString();
        const content = { text: `number ${number}`, language: null, attachment: null };
        return makeEvent('StatusPublished', { actor, statusId: `${actor}/statuses/${number}`, published, content, endTime: null, keep: true }, { receivedAt: published, origin: 'remote' });
      });
      await bus.publish(SUBMITTED, events.map((event) => ({ key: event.data.actor, value: statusSubmittedCodec.encode(event) })));
      for (const { data: { actor }, metadata: { eventId } } of events) sent.set(actor, [...(sent.get(actor) ?? []), eventId]);
      // Some 3,000 a second: as much as leaves room for whoever comes and goes.
      await sleep(20);
    }
  }

  test('share the partitions; come, go and are killed under load, and nothing is lost or out of order', async () => {
    const first = await start();
    await shared(PARTITIONS);
    const stop = new AbortController();
    const loading = load(stop.signal);
    try {
      await eventually(async () => expect(await first.had()).toBeGreaterThan(0), PATIENCE_MS);

      const second = await start();
      await shared(PARTITIONS / 2, PARTITIONS / 2);
      const before = [await first.had(), await second.had()];
      await eventually(async () => expect([(await first.had()) > before[0]!, (await second.had()) > before[1]!]).toEqual([true, true]), PATIENCE_MS);

      expect(await first.end('SIGTERM')).toBe(0);
      await shared(PARTITIONS);

      const third = await start();
      await shared(PARTITIONS / 2, PARTITIONS / 2);
      await eventually(async () => expect(await third.had()).toBeGreaterThan(0), PATIENCE_MS);
      await third.end('SIGKILL');
      await shared(PARTITIONS);
    } finally {
      stop.abort();
      await loading;
    }
    expect(sent.size).toBe(ACTORS.length);
    await eventually(() => expect(ACTORS.map((actor) => told.get(actor)?.size)).toEqual(ACTORS.map((actor) => sent.get(actor)!.length)), PATIENCE_MS);

    const log: { actor: string; events: string[] }[] = await dataSource.query('SELECT actor, array_agg(event_id ORDER BY position) AS events FROM status_event GROUP BY actor');
    const current: { actor: string; event_id: string }[] = await dataSource.query('SELECT actor, event_id FROM current_status WHERE content IS NOT NULL');
    const history: { actor: string; events: string[] }[] = await dataSource.query('SELECT actor, array_agg(event_id ORDER BY published_key) AS events FROM status_history GROUP BY actor');
    for (const [actor, events] of sent) {
      expect([...told.get(actor)!]).toEqual(events);
      expect(log.find((row) => row.actor === actor)?.events).toEqual(events);
      expect(history.find((row) => row.actor === actor)?.events).toEqual(events);
      expect(current.find((row) => row.actor === actor)?.event_id).toBe(events.at(-1));
    }
  }, 240_000);
});
