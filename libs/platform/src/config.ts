import path from 'node:path';
import { z } from 'zod';

const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');
const wholeNumber = (min: number, max: number) => z.string().regex(/^\d+$/, 'is not a whole number').transform(Number).pipe(z.number().min(min).max(max));
const origin = z.url({ protocol: /^https?$/ }).transform((value, context) => {
  const url = new URL(value);
  if (url.pathname !== '/' || url.search || url.hash || url.username) {
    context.addIssue('is not an origin: scheme and host (and port) only, such as https://status.example');
    return z.NEVER;
  }
  return url.origin;
});

const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });
const brokers = z
  .string()
  .transform((value) => value.split(',').map((one) => one.trim()).filter(Boolean))
  .pipe(z.array(z.string().regex(/^[^\s:/]+:\d{1,5}$/, 'is not host:port')).min(1));

/** Every variable, with its default. `docs/configuration.md` describes each; a test holds the two together. */
const variables = z.object({
  HELIO_PORT: wholeNumber(0, 65_535).default(8080),
  HELIO_HOST: z.string().min(1).default('0.0.0.0'),
  HELIO_PUBLIC_URL: origin.default('http://localhost:8080'),
  HELIO_DATA_DIR: z.string().min(1).default('./.helio'),
  HELIO_ALLOW_PRIVATE_NETWORK: onOff.default(false),
  HELIO_REGISTRATIONS: z.enum(['closed', 'invite', 'open']).default('closed'),
  HELIO_DELIVERY_RETRY_SECONDS: wholeNumber(1, 3600).default(10),
  HELIO_DELIVERY_WORKERS: wholeNumber(1, 256).default(16),
  HELIO_REFRESH_SECONDS: wholeNumber(1, 2_592_000).default(43_200),
  HELIO_INBOX_BODY_LIMIT: wholeNumber(1024, 16_777_216).default(1_048_576),
  HELIO_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_DIRECT_URL: postgresUrl.optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  KAFKA_BROKERS: brokers.optional(),
  KAFKA_SSL: onOff.default(false),
  KAFKA_SSL_CA: z.string().min(1).optional(),
  KAFKA_SASL_MECHANISM: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  KAFKA_SASL_USERNAME: z.string().default(''),
  KAFKA_SASL_PASSWORD: z.string().default(''),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_SERVICE_NAME: z.string().min(1).optional(),
  OTEL_TRACES_SAMPLER: z
    .enum(['always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'])
    .default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.string().regex(/^(?:0|1|0?\.\d+|[01]\.0*)$/, 'is not a part from 0 to 1').default('1'),
});

export const VARIABLES = Object.keys(variables.shape) as readonly (keyof typeof variables.shape)[];

export interface KafkaConfig {
  /** Each `host:port`. */
  readonly brokers: readonly string[];
  readonly ssl: boolean;
  /** File with the certificates (PEM) of who vouches for the brokers; null: those that Node.js knows. */
  readonly sslCa: string | null;
  readonly sasl: { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly password: string } | null;
}

export interface Config {
  readonly http: { readonly port: number; readonly host: string };
  /** Origin that people and servers see, without a trailing slash; every id begins with it. */
  readonly publicUrl: string;
  /** Absolute path. */
  readonly dataDir: string;
  /** Null: the embedded PostgreSQL in `dataDir`. */
  readonly databaseUrl: string | null;
  /** Leads past a pooler in transaction mode, for what needs a session: migrations, and the event bus on PostgreSQL. Null: as `databaseUrl`. */
  readonly databaseDirectUrl: string | null;
  /** Null: caches are in each process's memory. */
  readonly redisUrl: string | null;
  /** Null: the event bus is on PostgreSQL. */
  readonly kafka: KafkaConfig | null;
  /** Whether federation may use http and private addresses: for the demo and tests. */
  readonly allowPrivateNetwork: boolean;
  readonly registrations: 'closed' | 'invite' | 'open';
  readonly delivery: { readonly retrySeconds: number; readonly workers: number; readonly refreshSeconds: number };
  /** Bytes. */
  readonly inboxBodyLimit: number;
  /** Null: spans are not sent anywhere. The OpenTelemetry SDK reads how and where from the environment itself. */
  readonly tracing: { readonly endpoint: string } | null;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

/** The environment did not make sense; `message` names every variable that is wrong. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads and checks the environment. Nothing else reads `process.env`. @throws ConfigError */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  // An empty variable means "not set", as in compose files that pass on what the operator left out.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = variables.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  }
  const v = parsed.data;
  return {
    http: { port: v.HELIO_PORT, host: v.HELIO_HOST },
    publicUrl: v.HELIO_PUBLIC_URL,
    dataDir: path.resolve(v.HELIO_DATA_DIR),
    databaseUrl: v.DATABASE_URL ?? null,
    databaseDirectUrl: v.DATABASE_DIRECT_URL ?? null,
    redisUrl: v.REDIS_URL ?? null,
    kafka: v.KAFKA_BROKERS
      ? {
          brokers: v.KAFKA_BROKERS,
          ssl: v.KAFKA_SSL,
          sslCa: v.KAFKA_SSL_CA ?? null,
          sasl: v.KAFKA_SASL_MECHANISM ? { mechanism: v.KAFKA_SASL_MECHANISM, username: v.KAFKA_SASL_USERNAME, password: v.KAFKA_SASL_PASSWORD } : null,
        }
      : null,
    allowPrivateNetwork: v.HELIO_ALLOW_PRIVATE_NETWORK,
    registrations: v.HELIO_REGISTRATIONS,
    delivery: { retrySeconds: v.HELIO_DELIVERY_RETRY_SECONDS, workers: v.HELIO_DELIVERY_WORKERS, refreshSeconds: v.HELIO_REFRESH_SECONDS },
    inboxBodyLimit: v.HELIO_INBOX_BODY_LIMIT,
    tracing: v.OTEL_EXPORTER_OTLP_ENDPOINT ? { endpoint: v.OTEL_EXPORTER_OTLP_ENDPOINT } : null,
    logLevel: v.HELIO_LOG_LEVEL,
  };
}
