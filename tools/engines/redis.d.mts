export interface RunningRedis {
  /** As REDIS_URL takes it. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** SIGTERM, and SIGKILL when that does not help within 20 s. */
  stop(): Promise<void>;
  /** kill -9. Start it again with the same port: it comes back empty. */
  kill(): Promise<void>;
}
export declare function whyNoRedis(): string | null;
export declare function startRedis(options: { readonly dataDir: string; readonly port?: number; readonly log?: (message: string) => void }): Promise<RunningRedis>;
