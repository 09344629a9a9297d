import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TOPICS } from '../../libs/contracts/src/index.ts';
import { applyTopics, KafkaEventBus } from '../../libs/event-bus/src/index.ts';
import { describeWithEngine, eventually } from '../../libs/testkit/src/index.ts';
import { type RunningKafka, startKafka } from './kafka.mjs';

const RETENTION_MS = 4_000;
/** The topic of the texts as it is but for its time, and one whose time is not over. */
const TEXTS = { ...TOPICS.statusSubmitted, retentionMs: RETENTION_MS };
const OTHERS = { ...TEXTS, name: 'kept.longer', retentionMs: 3_600_000 };

describeWithEngine('kafka', "The broker's files", () => {
  let dataDir: string;
  let kafka: RunningKafka;
  let bus: KafkaEventBus;

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'heliograph-kafka-'));
    // How often Kafka looks for what is too old, and how long it leaves such files there: five minutes and one minute, unless told otherwise.
    kafka = await startKafka({ dataDir, settings: { 'log.retention.check.interval.ms': 500, 'log.segment.delete.delay.ms': 100, 'log.initial.task.delay.ms': 500 } });
    const connection = { brokers: [kafka.brokers], clientId: 'spec' };
    await applyTopics(connection, [TEXTS, OTHERS], { replication: 1, minInsyncReplicas: 1 });
    bus = new KafkaEventBus({ ...connection, topics: [TEXTS, OTHERS] });
  }, 90_000);
  afterAll(async () => {
    await bus?.close();
    await kafka?.kill();
    await rm(dataDir, { recursive: true, force: true });
  }, 30_000);

  const filesWith = async (text: string): Promise<readonly string[]> => {
    const names = (await readdir(path.join(dataDir, 'data'), { recursive: true })).filter((name) => name.endsWith('.log'));
    const files = await Promise.all(names.map(async (name) => ({ name, bytes: await readFile(path.join(dataDir, 'data', name)).catch(() => Buffer.alloc(0)) })));
    return files.filter(({ bytes }) => bytes.includes(text)).map(({ name }) => name);
  };

  test('have no text any more once its retention is over, also of a partition that gets nothing new', async () => {
    await bus.publish(TEXTS.name, [{ key: 'somebody', value: '{"text":"listening to the sea"}' }]);
    await bus.publish(OTHERS.name, [{ key: 'somebody', value: '{"text":"listening to the wind"}' }]);
    expect(await filesWith('listening to the sea')).toHaveLength(1);
    await eventually(async () => expect(await filesWith('listening to the sea')).toEqual([]), 30_000);
    expect(await filesWith('listening to the wind')).toHaveLength(1);
  }, 60_000);
});
