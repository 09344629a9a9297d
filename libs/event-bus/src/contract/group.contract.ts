import type { EventBus } from '../port.ts';
import { type Bench, GROUP, it } from './bench.ts';
import { aborted, type Collector, until } from './collector.ts';
import { messages, numbers, sameKey } from './messages.ts';

/** Groups: what is committed, who owns what, where a partition begins. */
export function groupContract(bench: Bench): void {
  it('what was committed is not handed out again, what was not is', async () => {
    const first = await bench.engine.bus();
    await first.publish(bench.events, sameKey(10));
    const half = await bench.collect(first, { work: async ({ messages: [message] }, { commit }) => void (message!.value < '5' && (await commit(message!.offset))), maxBatch: 1 });
    await until('the sixth message', () => half.values().includes('5'));
    await half.close();
    const second = await bench.collect(await bench.engine.bus());
    await second.has(5);
    expect(second.values()).toEqual(['5', '6', '7', '8', '9']);
  });

  it('what a crashed member had in hand is handed out again', async () => {
    const [first, second] = await Promise.all([bench.engine.bus(), bench.engine.bus()]);
    await first.publish(bench.events, sameKey(3));
    const stuck = await bench.collect(first, { work: (_, { signal }) => aborted(signal) });
    await stuck.has(1);
    await bench.engine.crash(first);
    const heir = await bench.collect(second);
    await heir.has(3);
    expect(heir.values()).toEqual(['0', '1', '2']);
  });

  it('a commit never takes the group back', async () => {
    const bus = await bench.engine.bus();
    await bus.publish(bench.events, sameKey(10));
    const offsets: bigint[] = [];
    const collector = await bench.collect(bus, {
      work: async ({ messages: batch }, { commit }) => {
        offsets.push(...batch.map(({ offset }) => offset));
        if (batch.at(-1)!.value !== '9') return;
        await commit(batch.at(-1)!.offset);
        await commit(offsets[2]!);
      },
    });
    await until('the last commit', () => collector.values().includes('9'));
    await collector.close();
    await bus.publish(bench.events, [{ key: 'k', value: 'next' }]);
    const heir = await bench.collect(await bench.engine.bus());
    await heir.has(1);
    expect(heir.values()).toEqual(['next']);
  });

  it('two members share the partitions, and each message goes to one of them', async () => {
    const [first, second] = await Promise.all([bench.engine.bus(), bench.engine.bus()]);
    const collectors = [await bench.collect(first), await bench.collect(second)];
    // They may still be parting: what is published counts once both have their share.
    let probe = 0;
    await until('both have a share', async () => {
      await first.publish(bench.events, messages(8, (probe += 8)));
      return collectors.every((collector) => collector.received.length > 0);
    });
    await until('all probes', () => new Set(collectors.flatMap((collector) => collector.values())).size === probe);
    for (const collector of collectors) collector.forget();
    await first.publish(bench.events, messages(200, 10_000));
    await until('200 messages', () => collectors.reduce((sum, { received }) => sum + received.length, 0) >= 200);
    const owned = collectors.map(({ received }) => [...new Set(received.map(({ partition }) => partition))]);
    expect(owned.map(({ length }) => length)).toEqual([2, 2]);
    expect(owned.flat().sort()).toEqual([0, 1, 2, 3]);
    expect(new Set(collectors.flatMap((collector) => collector.values())).size).toBe(200);
    for (const collector of collectors) collector.expectOrdered();
  });

  it('two subscriptions of one instance share the partitions too', async () => {
    const bus = await bench.engine.bus();
    const collectors = [await bench.collect(bus), await bench.collect(bus)];
    let probe = 0;
    await until('both have a share', async () => {
      await bus.publish(bench.events, messages(8, (probe += 8)));
      return collectors.every((collector) => collector.received.length > 0);
    });
    await until('all probes', () => new Set(collectors.flatMap((collector) => collector.values())).size === probe);
  });

  for (const [how, go] of [
    ['leaves', (collector: Collector) => collector.close()],
    ['crashes', (_: Collector, bus: EventBus) => bench.engine.crash(bus)],
  ] as const) {
    it(`the others take over when a member ${how}`, async () => {
      const [stays, goes] = await Promise.all([bench.engine.bus(), bench.engine.bus()]);
      const [heir, leaver] = [await bench.collect(stays), await bench.collect(goes)];
      await until('both have a share', async () => {
        await stays.publish(bench.events, messages(8));
        return heir.received.length > 0 && leaver.received.length > 0;
      });
      await go(leaver, goes);
      heir.forget();
      await stays.publish(bench.events, messages(80, 5_000));
      await until('all partitions', () => numbers(80, 5_000).every((value) => heir.values().includes(value)));
      heir.expectOrdered();
    });
  }

  it('startAt is asked with the committed offset, and obeyed: earlier, later, or as committed', async () => {
    const bus = await bench.engine.bus();
    await bus.publish(bench.events, sameKey(10));
    const seen = await bench.collect(bus);
    await seen.has(10);
    const { partition, offset: first } = seen.received[0]!;
    await seen.close();
    await bus.publish(bench.events, sameKey(5, 10));
    const from = async (start: bigint | null): Promise<{ readonly first: string; readonly asked: bigint | null | undefined }> => {
      const asked = new Map<number, bigint | null>();
      const collector = await bench.collect(bus, {
        // Only what is committed already, so that each reader finds the group as the first one left it.
        work: async ({ messages: [message] }, { commit }) => (message!.value === '3' ? commit(message!.offset) : undefined),
        startAt: async (topic, p, committed) => {
          expect(topic).toBe(bench.events);
          asked.set(p, committed);
          return p === partition ? start : null;
        },
      });
      await collector.has(1);
      await collector.close();
      return { first: collector.values()[0]!, asked: asked.get(partition) };
    };
    const committed = first + 10n;
    expect(await from(first + 3n)).toEqual({ first: '3', asked: committed });
    expect(await from(first + 12n)).toEqual({ first: '12', asked: committed });
    expect(await from(null)).toEqual({ first: '10', asked: committed });
  });

  it('startAt beyond the end waits for the next message, and a group that is new is asked with null', async () => {
    const bus = await bench.engine.bus();
    await bus.publish(bench.events, sameKey(3));
    const asked: (bigint | null)[] = [];
    const collector = await bench.collect(bus, { startAt: async (_, __, committed) => (asked.push(committed), 1_000_000n) });
    await until('all partitions begun', () => asked.length === 4);
    expect(asked).toEqual([null, null, null, null]);
    await until('the next message', async () => {
      await bus.publish(bench.events, sameKey(1, 3));
      return collector.received.length > 0;
    });
    expect(collector.values()[0]).toBe('3');
  });

  it('lag tells how many messages a group has not committed, and how old the oldest is', async () => {
    const bus = await bench.engine.bus();
    const lag = async () => (await bus.lag()).find(({ topic, group }) => topic === bench.events && group === GROUP);
    await bus.publish(bench.events, messages(25));
    await until('age', async () => ((await lag())?.seconds ?? 0) > 0.05);
    const { messages: behind } = (await lag())!;
    const collector = await bench.collect(bus);
    await collector.has(25);
    await until('no lag', async () => (await lag())?.messages === 0);
    // Exactly what it was handed out. It may be more than was published: an engine may send again what was not answered.
    expect(behind).toBe(collector.received.length);
    expect(await lag()).toEqual({ topic: bench.events, group: GROUP, messages: 0, seconds: 0 });
  });
}
