import { Health, readinessBody, readinessStatus } from './health.ts';
import { registry } from './metrics.ts';

const up = async (): Promise<Record<string, number>> => {
  const { values } = await registry.getSingleMetric('heliograph_check_up')!.get();
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels['check']), value]));
};

describe('Readiness', () => {
  beforeEach(() => registry.resetMetrics());

  test('says which dependency is down, in the answer and in the metrics', async () => {
    const health = new Health();
    let away = false;
    health.register({ name: 'postgres', probe: () => undefined });
    health.register({ name: 'event-bus', probe: async () => (away ? Promise.reject(new Error('no answer')) : undefined) });
    expect(await health.readiness()).toEqual({ ready: true, checks: { postgres: 'ok', 'event-bus': 'ok' } });
    expect(await up()).toEqual({ postgres: 1, 'event-bus': 1 });
    away = true;
    const report = await health.readiness();
    expect([readinessStatus(report), readinessBody(report)]).toEqual([503, { status: 'unavailable', checks: { postgres: 'ok', 'event-bus': 'no answer' } }]);
    expect(await up()).toEqual({ postgres: 1, 'event-bus': 0 });
  });

  test('ends with the first word of a stop', async () => {
    const health = new Health();
    expect((await health.readiness()).ready).toBe(true);
    health.stopping();
    expect(await health.readiness()).toEqual({ ready: false, checks: { process: 'stopping' } });
  });
});
