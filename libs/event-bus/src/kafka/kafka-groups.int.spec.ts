import { randomUUID } from 'node:crypto';
import type { TopicDefinition } from '@heliograph/contracts';
import { registry } from '@heliograph/platform';
import { describeWithEngine } from '@heliograph/testkit';
import { aborted, Collector, until } from '../contract/collector.ts';
import { BusUnavailableError, type EventBus } from '../port.ts';
import { KafkaEngine } from './kafka-engine.ts';

const messages = (count: number, from = 0) => Array.from({ length: count }, (_, i) => ({ key: `key ${i % 13}`, value: String(from + i) }));

const noLag = (bus: EventBus) => async (): Promise<boolean> => (await bus.lag().catch(() => [{ messages: 1 }])).every((lag) => lag.messages === 0);

describeWithEngine('kafka', 'Groups on Apache Kafka', (broker) => {
  let events: string;
  let other: string;
  let group: string;
  let engine: KafkaEngine;

  beforeEach(async () => {
    [events, other, group] = [`events.${randomUUID()}`, `other.${randomUUID()}`, `group.${randomUUID()}`];
    const definition = (name: string): TopicDefinition => ({ name, partitions: 4, retentionMs: 3_600_000, groups: [group], carriesText: false });
    engine = await KafkaEngine.start(broker, [definition(events), definition(other)]);
  });
  afterEach(() => engine.stop());

  const rebuilds = async (): Promise<number> => {
    const { values } = await registry.getSingleMetric('heliograph_bus_consumer_rebuilds_total')!.get();
    return values.find(({ labels }) => labels['group'] === group)?.value ?? 0;
  };

  test('a consumer that kafkajs gives up on is replaced long before its session is over, and the subscription is not ready meanwhile', async () => {
    const bus = await engine.bus(30_000);
    const collector = new Collector({});
    const subscription = await collector.subscribe(bus, [events], group);
    await bus.publish(events, messages(10));
    await until('no lag', noLag(bus));
    expect(subscription.ready).toBe(true);
    expect(await rebuilds()).toBe(0);
    engine.gateOf(bus).cut();
    await until('the replacement', async () => (await rebuilds()) > 0);
    expect(subscription.ready).toBe(false);
    engine.gateOf(bus).mend();
    const since = performance.now();
    await until('ready', () => subscription.ready);
    expect(performance.now() - since).toBeLessThan(10_000);
    await bus.publish(events, messages(10, 10));
    await until('all messages', () => new Set(collector.values()).size === 20);
    await until('no lag', noLag(bus));
    expect(collector.values()).toHaveLength(20);
  }, 60_000);

  test('a rebalance waits for the batch in hand, which is committed, so nothing is done twice', async () => {
    const [first, second] = await Promise.all([engine.bus(), engine.bus()]);
    let release = (): void => undefined;
    let stopped = false;
    const working = new Collector({
      work: async (batch, { signal, commit }) => {
        if (!stopped) {
          await aborted(signal);
          stopped = true;
          await new Promise<void>((resolve) => (release = resolve));
        }
        await commit(batch.messages.at(-1)!.offset);
      },
    });
    await working.subscribe(first, [events], group);
    await first.publish(events, [{ key: 'k', value: 'in hand' }]);
    await working.has(1);
    const joining = new Collector({});
    const joined = joining.subscribe(second, [events], group);
    await until('told to stop', () => stopped);
    await second.publish(events, messages(40));
    release();
    await joined;
    await until('all messages', () => working.received.length + joining.received.length === 41);
    await until('no lag', noLag(first));
    expect([...working.values(), ...joining.values()].sort()).toEqual(['in hand', ...messages(40).map(({ value }) => value)].sort());
    expect(joining.received.length).toBeGreaterThan(0);
  });

  test('a batch that does not end is not waited for: the partition goes, and its commit is refused', async () => {
    const [first, second] = await Promise.all([engine.bus(), engine.bus()]);
    let [signalled, finished] = [false, false];
    let late: unknown;
    const deaf = new Collector({
      work: async (batch, { commit, signal }) => {
        if (signalled) return commit(batch.messages.at(-1)!.offset);
        await aborted(signal);
        signalled = true;
        await until('the other has it', () => finished);
        late = await commit(batch.messages.at(-1)!.offset).catch((error: unknown) => error);
      },
    });
    await deaf.subscribe(first, [events], group);
    await first.publish(events, messages(40));
    await until('at work on all partitions', () => deaf.batches.length === 4);
    const heir = new Collector({});
    await heir.subscribe(second, [events], group);
    await until('the other has its share', () => heir.received.length > 0);
    finished = true;
    await until('all committed', noLag(second));
    await until('the late commit', () => late !== undefined);
    expect(late).toBeInstanceOf(BusUnavailableError);
    expect(new Set([...deaf.values(), ...heir.values()]).size).toBe(40);
    expect(await rebuilds()).toBe(0);
  });

  test('a member that stalls beyond its session loses its partitions: what it commits afterwards is refused, and takes nobody back', async () => {
    const [stalls, stays] = await Promise.all([engine.bus(), engine.bus()]);
    let late: unknown;
    let begun = false;
    let release = (): void => undefined;
    const stalling = new Collector({
      work: async (batch, { commit, signal }) => {
        if (begun) return commit(batch.messages.at(-1)!.offset);
        begun = true;
        await new Promise<void>((resolve) => (release = resolve));
        await aborted(signal);
        late = await commit(batch.messages[0]!.offset).catch((error: unknown) => error);
      },
    });
    await stalling.subscribe(stalls, [events], group);
    await stays.publish(events, [{ key: 'k', value: '0' }]);
    await until('begun', () => begun);
    await stays.publish(events, [{ key: 'k', value: '1' }]);
    engine.gateOf(stalls).silence();
    const heir = new Collector({});
    await heir.subscribe(stays, [events], group);
    await heir.has(2);
    expect(heir.values()).toEqual(['0', '1']);
    await until('committed', noLag(stays));
    engine.gateOf(stalls).mend();
    release();
    await until('the late commit', () => late !== undefined);
    expect(late).toBeInstanceOf(BusUnavailableError);
    let probe = 10;
    await until('both share again', async () => {
      await stays.publish(events, messages(8, (probe += 8)));
      return stalling.values().some((value) => Number(value) >= 10) && heir.values().some((value) => Number(value) >= 10);
    });
    await until('no lag', noLag(stays));
    expect(heir.values().filter((value) => Number(value) < 2)).toEqual(['0', '1']);
  }, 60_000);

  test('members come and go under load: nothing is lost, and each key keeps its order wherever it is handled', async () => {
    const buses = await Promise.all([engine.bus(), engine.bus(), engine.bus()]);
    const [publisher] = buses;
    const handled: { readonly key: string; readonly value: number; readonly place: string }[] = [];
    const member = (): Collector =>
      new Collector({
        maxBatch: 20,
        work: async (batch, { commit }) => {
          handled.push(...batch.messages.map(({ key, value, offset }) => ({ key, value: Number(value), place: `${batch.partition} ${offset}` })));
          await commit(batch.messages.at(-1)!.offset);
        },
      });
    const members = [member(), member(), member()];
    let [published, running] = [0, true];
    const publishing = (async () => {
      for (; running; published += 13) await publisher!.publish(events, messages(13, published));
    })();
    const progress = async (): Promise<void> => {
      const before = handled.length;
      await until('progress', () => handled.length > before + 200);
    };
    await members[0]!.subscribe(buses[0]!, [events], group);
    for (const step of [
      () => members[1]!.subscribe(buses[1]!, [events], group),
      () => members[2]!.subscribe(buses[2]!, [events], group),
      () => members[0]!.close(),
      () => members[1]!.close(),
    ]) {
      await progress();
      await step();
    }
    await progress();
    running = false;
    await publishing;
    await until('all handled', () => new Set(handled.map(({ value }) => value)).size === published);
    for (let i = 0; i < 13; i += 1) {
      const firsts = [...new Set(handled.filter(({ key }) => key === `key ${i}`).map(({ value }) => value))];
      expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
    }
    // They left properly each time, so there was nothing to repeat. (A request that was sent again may have left messages in two places.)
    expect(new Set(handled.map(({ place }) => place)).size).toBe(handled.length);
  }, 60_000);

  test('members of one group that want different topics each get theirs', async () => {
    const bus = await engine.bus();
    const [one, two] = [new Collector({}), new Collector({})];
    await one.subscribe(bus, [events], group);
    await two.subscribe(bus, [other], group);
    await bus.publish(events, messages(40));
    await bus.publish(other, messages(40, 100));
    await one.has(40);
    await two.has(40);
    expect(new Set(one.received.map(({ topic }) => topic))).toEqual(new Set([events]));
    expect(new Set(two.received.map(({ topic }) => topic))).toEqual(new Set([other]));
  });

  test('a partition that nobody works on does not fill the memory, and the others go on', async () => {
    const bus = await engine.bus();
    let open = false;
    let release = (): void => undefined;
    const opened = new Promise<void>((resolve) => (release = resolve));
    const collector = new Collector({
      work: async (batch, { commit }) => {
        if (batch.messages[0]!.key === 'stuck' && !open) await opened;
        await commit(batch.messages.at(-1)!.offset);
      },
    });
    await collector.subscribe(bus, [events], group);
    const large = 'x'.repeat(100_000);
    for (let i = 0; i < 12; i += 1) await bus.publish(events, Array.from({ length: 5 }, () => ({ key: 'stuck', value: large })));
    await bus.publish(events, messages(40));
    const partition = collector.received.find(({ key }) => key === 'stuck')?.partition;
    await until('the other partitions', () => collector.received.filter((message) => message.partition !== partition).length > 20);
    open = true;
    release();
    await collector.has(100);
    await until('no lag', noLag(bus));
    collector.expectNoGaps();
  });

  test('a subscriber without a group leaves none behind, and goes on where it was after an interruption', async () => {
    const bus = await engine.bus();
    const ofSubscriber = async (): Promise<readonly string[]> => (await engine.groups()).filter((name) => name.startsWith(`${engine.clientId}.broadcast.`));
    const collector = new Collector({});
    await collector.subscribe(bus, [events], null);
    expect(await ofSubscriber()).toHaveLength(1);
    await bus.publish(events, messages(20));
    await collector.has(20);
    engine.gateOf(bus).cut();
    const publisher = await engine.bus();
    await publisher.publish(events, messages(20, 20));
    engine.gateOf(bus).mend();
    await until('what was published meanwhile', () => new Set(collector.values()).size === 40);
    collector.expectOrdered();
    await collector.close();
    expect(await ofSubscriber()).toEqual([]);
  }, 60_000);
});
