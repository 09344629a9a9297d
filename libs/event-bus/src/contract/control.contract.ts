import { BusUnavailableError, RetryLater } from '../port.ts';
import { type Bench, GROUP, it } from './bench.ts';
import { aborted, Collector, until } from './collector.ts';
import { messages, numbers, sameKey } from './messages.ts';

/** Pausing, failing, closing, and engines that are away. */
export function controlContract(bench: Bench): void {
  it('a paused topic hands nothing out until it is resumed; others go on', async () => {
    const bus = await bench.engine.bus();
    const collector = new Collector({});
    const subscription = await collector.subscribe(bus, [bench.events, bench.other], GROUP);
    subscription.pause([bench.events]);
    for (let i = 0; i < 5; i += 1) {
      await bus.publish(bench.events, [{ key: 'k', value: `event ${i}` }]);
      await bus.publish(bench.other, [{ key: 'k', value: `other ${i}` }]);
      await collector.has(i + 1);
    }
    expect(collector.values()).toEqual(numbers(5).map((i) => `other ${i}`));
    subscription.resume([bench.events]);
    await collector.has(10);
    expect(collector.values().slice(5)).toEqual(numbers(5).map((i) => `event ${i}`));
  });

  it('a batch that fails is handed out again, nothing behind it comes first, and other partitions go on', async () => {
    const bus = await bench.engine.bus();
    let failures = 0;
    const collector = await bench.collect(bus, {
      maxBatch: 3,
      work: async ({ messages: batch }, { commit }) => {
        if (batch.some(({ key, value }) => key === 'k' && value === '4') && failures < 2) {
          failures += 1;
          if (batch[0]!.value !== '4') await commit(batch[0]!.offset);
          throw new Error('not now');
        }
        await commit(batch.at(-1)!.offset);
      },
    });
    await bus.publish(bench.events, [...sameKey(8), ...messages(40, 1_000)]);
    await until('all messages', () => new Set(collector.values()).size === 48);
    expect(failures).toBe(2);
    const firsts = [...new Set(collector.of('k'))];
    expect(firsts).toEqual(numbers(8));
  });

  it('RetryLater says when: later than at once, sooner than the usual pause', async () => {
    const bus = await bench.engine.bus();
    const times: number[] = [];
    const signals = new Set<AbortSignal>();
    await bench.collect(bus, {
      work: async ({ messages: batch }, { commit, signal }) => {
        times.push(performance.now());
        signals.add(signal);
        if (times.length < 4) throw new RetryLater(times.length === 1 ? 400 : 0);
        await commit(batch.at(-1)!.offset);
      },
    });
    await bus.publish(bench.events, sameKey(1));
    await until('four attempts', () => times.length === 4);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(395);
    expect(times[3]! - times[1]!).toBeLessThan(1_000);
    expect(signals.size).toBe(1);
  });

  it('close aborts the signal, waits for the batch in hand, and lets it commit', async () => {
    const bus = await bench.engine.bus();
    await bus.publish(bench.events, sameKey(2));
    let finish = (): void => undefined;
    const collector = await bench.collect(bus, {
      maxBatch: 1,
      work: async ({ messages: batch }, { commit, signal, heartbeat }) => {
        await heartbeat();
        await aborted(signal);
        await new Promise<void>((resolve) => (finish = resolve));
        await commit(batch[0]!.offset);
      },
    });
    await collector.has(1);
    let closed = false;
    const closing = collector.close().then(() => (closed = true));
    await new Promise(setImmediate);
    expect(closed).toBe(false);
    finish();
    await closing;
    const heir = await bench.collect(await bench.engine.bus());
    await heir.has(1);
    expect(heir.values()).toEqual(['1']);
  });

  it('while the engine is away publish and ping reject, within seconds; afterwards everything goes on by itself', async () => {
    const bus = await bench.engine.bus();
    const [grouped, broadcast] = [await bench.collect(bus), await bench.collect(bus, {}, null)];
    await bus.publish(bench.events, sameKey(1));
    await Promise.all([grouped.has(1), broadcast.has(1)]);
    expect(grouped.ready).toBe(true);
    await bench.engine.cut();
    const since = performance.now();
    await expect(bus.publish(bench.events, [{ key: 'k', value: 'lost' }])).rejects.toThrow(BusUnavailableError);
    await expect(bus.ping()).rejects.toThrow(BusUnavailableError);
    expect(performance.now() - since).toBeLessThan(20_000);
    await until('not ready', () => !grouped.ready && !broadcast.ready);
    await bench.engine.mend();
    await until('published', () => bus.publish(bench.events, sameKey(1, 1)).then(() => true, () => false));
    await until('ready', () => grouped.ready && broadcast.ready);
    await bus.ping();
    await until('both', () => [grouped, broadcast].every((collector) => collector.values().includes('1')));
  });

  it('nothing is handed out any more once the bus is closed, and it refuses work', async () => {
    const bus = await bench.engine.bus();
    const collector = await bench.collect(bus);
    await bus.publish(bench.events, sameKey(1));
    await collector.has(1);
    await bus.close();
    await expect(bus.publish(bench.events, sameKey(1))).rejects.toThrow(BusUnavailableError);
    const heir = await bench.engine.bus();
    await heir.publish(bench.events, sameKey(1, 1));
    const next = await bench.collect(heir);
    await next.has(1);
    expect(next.values()).toEqual(['1']);
    expect(collector.values()).toEqual(['0']);
  });
}
