import { UnknownTopicError } from '../port.ts';
import { type Bench, GROUP, it } from './bench.ts';
import { messages, numbers, sameKey } from './messages.ts';

/** What goes in comes out: whole, once in order, to everybody who is to have it. */
export function deliveryContract(bench: Bench): void {
  it('every message arrives, in order per key, without gaps in a partition', async () => {
    const bus = await bench.engine.bus();
    const collector = await bench.collect(bus);
    for (let round = 0; round < 10; round += 1) await bus.publish(bench.events, messages(40, round * 40));
    await collector.has(400);
    collector.expectOrdered();
    collector.expectNoGaps();
    expect(collector.values()).toHaveLength(400);
    expect(new Set(collector.received.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2, 3]));
  });

  it('messages of concurrent publishers do not hide each other: who reads meanwhile sees no gaps', async () => {
    const [reader, ...publishers] = await Promise.all([bench.engine.bus(), bench.engine.bus(), bench.engine.bus()]);
    const collector = await bench.collect(reader!);
    await Promise.all(
      publishers.flatMap((bus, p) =>
        Array.from({ length: 4 }, async (_, lane) => {
          for (let i = 0; i < 20; i += 1) {
            const key = (j: number): string => `publisher ${p} lane ${lane} key ${j % 3}`;
            await bus.publish(bench.events, Array.from({ length: 6 }, (__, j) => ({ key: key(j), value: String(i * 6 + j) })));
          }
        }),
      ),
    );
    await collector.has(2 * 4 * 20 * 6);
    collector.expectNoGaps();
    collector.expectOrdered();
    // No connection broke, so nothing was there twice.
    expect(collector.values()).toHaveLength(960);
  });

  it('key, value, headers and time come out as they went in', async () => {
    const bus = await bench.engine.bus();
    const collector = await bench.collect(bus);
    const before = Date.now();
    const plain = { key: 'https://remote.example/users/alice', value: '{"text":"früh ☀️ \\u0000 \\"quoted\\", {braces}, \\\\ NULL"}' };
    const rich = { key: 'ключ 🗝️', value: '', headers: { traceparent: '00-ab-cd-01', 'x-ü': 'ö, "{}" \\ NULL', empty: '' } };
    await bus.publish(bench.events, [plain, rich]);
    await collector.has(2);
    const [first, second] = [plain, rich].map(({ key }) => collector.received.find((message) => message.key === key)!);
    expect(first).toMatchObject({ ...plain, headers: {}, topic: bench.events });
    expect(second).toMatchObject(rich);
    for (const { timestamp } of [first!, second!]) {
      expect(timestamp).toBeGreaterThanOrEqual(before - 1_000);
      expect(timestamp).toBeLessThanOrEqual(Date.now() + 1_000);
    }
  });

  it('a batch is of one partition, in offset order, never empty and never larger than asked for', async () => {
    const bus = await bench.engine.bus();
    await bus.publish(bench.events, messages(100));
    const collector = await bench.collect(bus, { maxBatch: 7 });
    await collector.has(100);
    for (const batch of collector.batches) {
      expect(batch.messages.length).toBeGreaterThan(0);
      expect(batch.messages.length).toBeLessThanOrEqual(7);
      batch.messages.reduce((previous, message) => (expect(message.offset).toBeGreaterThan(previous.offset), message));
    }
    expect(Math.max(...collector.batches.map((batch) => batch.messages.length))).toBeGreaterThan(1);
  });

  it('without a group, each subscriber sees everything that is published after it subscribed, and nothing earlier', async () => {
    const [first, second] = await Promise.all([bench.engine.bus(), bench.engine.bus()]);
    await first.publish(bench.events, messages(20));
    const collectors = await Promise.all([bench.collect(first, { work: async () => undefined }, null), bench.collect(second, { work: async () => undefined }, null)]);
    await first.publish(bench.events, messages(40, 100));
    for (const collector of collectors) {
      await collector.has(40);
      expect(new Set(collector.values())).toEqual(new Set(numbers(40, 100)));
      collector.expectOrdered();
      expect(collector.values()).toHaveLength(40);
    }
  });

  it('a topic that nobody defined is refused by name', async () => {
    const bus = await bench.engine.bus();
    await expect(bus.publish('no.such.topic', sameKey(1))).rejects.toThrow(UnknownTopicError);
    await expect(bus.publish('no.such.topic', [])).rejects.toThrow('no.such.topic');
    const subscribing = bus.subscribe({ topics: [bench.events, 'no.such.topic'], group: GROUP, onBatch: async () => undefined });
    await expect(subscribing).rejects.toThrow('no.such.topic');
  });

  it('a message that is too large is refused, alone; the largest that may be passes', async () => {
    const bus = await bench.engine.bus();
    const collector = await bench.collect(bus);
    const largest = { key: 'k', value: 'x'.repeat(999_999) };
    const [refused, passed] = await Promise.allSettled([bus.publish(bench.events, [{ ...largest, key: 'kk' }]), bus.publish(bench.events, [largest])]);
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(RangeError) as RangeError });
    expect(passed).toMatchObject({ status: 'fulfilled' });
    await collector.has(1);
    expect(collector.values()[0]).toHaveLength(999_999);
  });
}
