export interface RunningKafka {
  /** `host:port`, as KAFKA_BROKERS takes it. */
  readonly brokers: string;
  readonly pid: number;
  /** SIGTERM, and SIGKILL when that does not help within 20 s. */
  stop(): Promise<void>;
  /** kill -9. Start it again on the same data directory: it keeps its port. */
  kill(): Promise<void>;
}
export declare const KAFKA_VERSION: string;
export declare function whyNoKafka(): string | null;
export declare function installKafka(log?: (message: string) => void): string;
export declare function startKafka(options: {
  readonly dataDir: string;
  readonly port?: number;
  /** Of the broker, by name, beside ours. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  readonly log?: (message: string) => void;
}): Promise<RunningKafka>;
