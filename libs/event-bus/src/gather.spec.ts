import { setTimeout as sleep } from 'node:timers/promises';
import { registry } from '@heliograph/platform';
import { Gather, type Parcel } from './gather.ts';
import { BusUnavailableError } from './port.ts';

/** Sends that the test lets pass one by one. */
function gate() {
  const requests: (readonly Parcel[])[] = [];
  const settle: { resolve(): void; reject(error: Error): void }[] = [];
  const gather = new Gather((parcels) => {
    requests.push(parcels);
    return new Promise((resolve, reject) => settle.push({ resolve, reject }));
  });
  const underWay = async (count: number): Promise<void> => {
    while (requests.length < count) await new Promise(setImmediate);
  };
  return { gather, requests, settle, underWay };
}
const message = (value: string) => [{ key: 'k', value }];
const values = (parcels: readonly Parcel[] | undefined): string[] => (parcels ?? []).flatMap(({ messages }) => messages.map(({ value }) => value));

describe('Gather', () => {
  test('sends the first at once and what arrives meanwhile together, in order', async () => {
    const { gather, requests, settle, underWay } = gate();
    const first = gather.publish('t', message('1'));
    await underWay(1);
    const done: string[] = [];
    const rest = ['2', '3', '4'].map((value) => gather.publish('t', message(value)).then(() => done.push(value)));
    settle[0]!.resolve();
    await first;
    await underWay(2);
    expect(done).toEqual([]);
    settle[1]!.resolve();
    await Promise.all(rest);
    expect(requests.map(values)).toEqual([['1'], ['2', '3', '4']]);
  });

  test('bounds a request, but lets a large parcel pass whole', async () => {
    const requests: number[] = [];
    const gather = new Gather(async (parcels) => void requests.push(values(parcels).length));
    const parcel = (size: number) => Array.from({ length: size }, (_, i) => ({ key: 'k', value: String(i) }));
    await Promise.all([gather.publish('t', parcel(1500)), gather.publish('t', parcel(400)), gather.publish('t', parcel(5000)), gather.publish('t', parcel(1))]);
    expect(requests).toEqual([1900, 5000, 1]);
  });

  test('tells those who wait when the engine is away, and works again afterwards', async () => {
    const { gather, settle, underWay } = gate();
    const first = gather.publish('t', message('1'));
    await underWay(1);
    const second = gather.publish('t', message('2'));
    settle[0]!.reject(new BusUnavailableError('away'));
    await expect(first).rejects.toThrow(BusUnavailableError);
    await expect(second).rejects.toThrow(BusUnavailableError);
    const failures = await registry.getSingleMetric('heliograph_bus_publish_failures_total')!.get();
    expect(failures.values).toEqual([{ labels: { topic: 't' }, value: 2 }]);
    const third = gather.publish('t', message('3'));
    await underWay(2);
    settle[1]!.resolve();
    await expect(third).resolves.toBeUndefined();
  });

  test('refuses a bad message alone: those it would have travelled with are sent', async () => {
    const requests: string[][] = [];
    const gather = new Gather(async (parcels) => void requests.push(values(parcels)));
    const good = gather.publish('t', message('good'));
    await expect(gather.publish('t', message('nul \0'))).rejects.toThrow(RangeError);
    await expect(gather.publish('t', message('x'.repeat(1_000_000)))).rejects.toThrow(/1000001 bytes/);
    await good;
    expect(requests).toEqual([['good']]);
  });

  test('does not hold more than it may', async () => {
    const { gather, settle, underWay } = gate();
    const big = Array.from({ length: 40 }, () => ({ key: 'k', value: 'x'.repeat(900_000) }));
    const sent = [gather.publish('t', big)];
    await underWay(1);
    sent.push(gather.publish('t', big));
    await expect(gather.publish('t', big)).rejects.toThrow(/too much/);
    settle[0]!.resolve();
    await underWay(2);
    settle[1]!.resolve();
    await Promise.all(sent);
  });

  test('close waits for what is under way and takes nothing more', async () => {
    const { gather, settle, underWay } = gate();
    const first = gather.publish('t', message('1'));
    await underWay(1);
    const closed = gather.close();
    await expect(gather.publish('t', message('2'))).rejects.toThrow(/closed/);
    expect(await Promise.race([closed.then(() => 'closed'), sleep(20, 'waiting')])).toBe('waiting');
    settle[0]!.resolve();
    await Promise.all([first, closed]);
  });
});
