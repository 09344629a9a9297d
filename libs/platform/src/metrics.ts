import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** One registry per process; `/metrics` prints it. */
export const registry = new Registry();
let defaults = false;

/** Adds the process's own figures (CPU, memory, event loop). Once per process. */
export function collectProcessMetrics(): void {
  if (defaults) return;
  defaults = true;
  collectDefaultMetrics({ register: registry });
}

const existing = <T>(name: string, make: () => T): T => (registry.getSingleMetric(name) as T | undefined) ?? make();

/** The counter of that name; the same object when asked again. Labels must have few values. */
export const counter = (name: string, help: string, labelNames: readonly string[] = []): Counter =>
  existing(name, () => new Counter({ name, help, labelNames: [...labelNames], registers: [registry] }));

/** @param collect called whenever the metrics are asked for, to set it */
export const gauge = (name: string, help: string, labelNames: readonly string[] = [], collect?: (gauge: Gauge) => void): Gauge =>
  existing(
    name,
    () =>
      new Gauge({
        name,
        help,
        labelNames: [...labelNames],
        registers: [registry],
        ...(collect && {
          collect() {
            collect(this);
          },
        }),
      }),
  );

/** Seconds, unless the name says otherwise. */
export const histogram = (
  name: string,
  help: string,
  labelNames: readonly string[] = [],
  buckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
): Histogram => existing(name, () => new Histogram({ name, help, labelNames: [...labelNames], buckets, registers: [registry] }));
