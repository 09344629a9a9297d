import type { Config } from '../config.ts';
import { createLogger } from '../logger.ts';
import { exportSpansBy } from './tracing.ts';

const log = createLogger('tracing');
/** For what is left to send when the process ends. */
const FLUSH_MS = 2_000;

/**
 * Sends spans to the OTLP collector that the configuration names; without one nothing is loaded and spans are ids alone. The SDK reads the
 * rest of its environment (`OTEL_*`) itself.
 * @param service `service.name`, unless OTEL_SERVICE_NAME says otherwise
 * @returns sends what is left, 2 s at most, and ends it
 */
export async function startTracing({ tracing }: Pick<Config, 'tracing'>, service: string): Promise<() => Promise<void>> {
  if (!tracing) return async () => undefined;
  const [{ BasicTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { defaultResource, detectResources, envDetector, resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': service, 'service.namespace': 'heliograph' }))
    .merge(detectResources({ detectors: [envDetector] }));
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
  exportSpansBy(provider.getTracer('heliograph'));
  return async () => {
    exportSpansBy(null);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, FLUSH_MS)));
    await Promise.race([provider.shutdown(), late]).catch((error: unknown) => log.warn({ reason: String(error) }, 'the last spans were not sent'));
    clearTimeout(timer);
  };
}
