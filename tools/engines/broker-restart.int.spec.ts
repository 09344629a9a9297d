import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { applyTopics, KafkaEventBus, type ReceivedMessage } from '../../libs/event-bus/src/index.ts';
import { describeWithEngine, eventually } from '../../libs/testkit/src/index.ts';
import { type RunningKafka, startKafka } from './kafka.mjs';

const TOPIC = { name: 'events', partitions: 4, retentionMs: 3_600_000, groups: ['workers'], carriesText: false };
const LANES = 8;
const PATIENCE_MS = 30_000;

const nameOf = ({ key, value }: { readonly key: string; readonly value: string }): string => `${key}/${value}`;

// With a broker of its own: the run's broker has other suites to serve.
describeWithEngine('kafka', 'A broker that is killed with -9 and started again', () => {
  let dataDir: string;
  let kafka: RunningKafka;
  let bus: KafkaEventBus;

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'heliograph-kafka-'));
    kafka = await startKafka({ dataDir });
    const connection = { brokers: [kafka.brokers], clientId: 'spec' };
    await applyTopics(connection, [TOPIC], { replication: 1, minInsyncReplicas: 1 });
    bus = new KafkaEventBus({ ...connection, topics: [TOPIC] });
  }, 90_000);
  afterAll(async () => {
    await bus.close();
    await kafka.kill();
    await rm(dataDir, { recursive: true, force: true });
  }, 30_000);

  test('loses nothing that was acknowledged, keeps the order, and the flow comes back by itself', async () => {
    const acknowledged = new Set<string>();
    const received: ReceivedMessage[] = [];
    let [refused, running] = [0, true];
    for (let member = 0; member < 2; member += 1) {
      await bus.subscribe({
        topics: [TOPIC.name],
        group: 'workers',
        onBatch: async ({ messages }, { commit }) => {
          received.push(...messages);
          await commit(messages.at(-1)!.offset);
        },
      });
    }
    const publishing = Array.from({ length: LANES }, async (_, lane) => {
      for (let i = 0; running; i += 1) {
        const message = { key: `lane ${lane}`, value: String(i) };
        // Until it is acknowledged, as an inbox's sender would.
        while (running && !acknowledged.has(nameOf(message))) {
          await bus.publish(TOPIC.name, [message]).then(
            () => acknowledged.add(nameOf(message)),
            () => (refused += 1),
          );
        }
        await sleep(1);
      }
    });
    const flows = async (): Promise<void> => {
      const before = [acknowledged.size, received.length] as const;
      await eventually(() => {
        expect(acknowledged.size).toBeGreaterThan(before[0] + 200);
        expect(received.length).toBeGreaterThan(before[1] + 200);
      }, PATIENCE_MS);
    };
    for (let kill = 0; kill < 2; kill += 1) {
      await flows();
      await kafka.kill();
      // The first time at once, as a supervisor does; then after publishers have given up.
      if (kill === 1) await eventually(() => expect(refused).toBeGreaterThan(0), PATIENCE_MS);
      kafka = await startKafka({ dataDir });
      await flows();
    }
    running = false;
    await Promise.all(publishing);
    await eventually(async () => expect(await bus.lag()).toMatchObject([{ messages: 0 }]), PATIENCE_MS);
    const found = new Set(received.map(nameOf));
    expect([...acknowledged].filter((name) => !found.has(name))).toEqual([]);
    // Each may have come again, but none before the one before it.
    for (let lane = 0; lane < LANES; lane += 1) {
      const inOrder = received.filter(({ key }) => key === `lane ${lane}`).sort((a, b) => Number(a.offset - b.offset));
      const firsts = [...new Set(inOrder.map(({ value }) => Number(value)))];
      expect(firsts).toEqual(firsts.map((_, i) => i));
    }
  }, 120_000);
});
