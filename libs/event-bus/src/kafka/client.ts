import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { createLogger } from '@heliograph/platform';
import kafkajs, { type ISocketFactory, type ISocketFactoryArgs, type Kafka, type LogEntry, type RetryOptions, type SASLOptions } from 'kafkajs';
import './request-queue.ts';

const log = createLogger('kafka');
const CONNECT_MS = 3_000;
/** Requests are small and brokers are near; one that takes longer is on a connection that is dead. */
const REQUEST_MS = 5_000;
const KEEP_ALIVE_MS = 10_000;

export interface KafkaConnection {
  /** Where to begin, each as `host:port`; the others are learned from them. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** `true`, or what TLS needs beside (`ca`, `cert`, `key`). */
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: SASLOptions;
  /** Opens the connections instead of TCP and TLS: through a proxy, or through what a spec can cut. */
  readonly socketFactory?: ISocketFactory;
}

/** One kafkajs client, whose connections can be taken away from it: kafkajs itself cannot be told to give up what it is waiting for. */
export class KafkaClient {
  /** To be used for one producer, consumer or admin client: kafkajs lets the consumers of one `Kafka` overwrite each other's offsets. */
  readonly kafka: Kafka;
  readonly #open: ISocketFactory;
  readonly #sockets = new Set<Socket>();
  #destroyed = false;

  constructor({ brokers, clientId, ssl, sasl, socketFactory }: KafkaConnection, retry: RetryOptions) {
    this.#open = socketFactory ?? openSocket;
    this.kafka = new kafkajs.Kafka({
      brokers: [...brokers],
      clientId,
      ssl,
      sasl,
      retry,
      connectionTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      socketFactory: (options) => this.#connect(options),
      logLevel: kafkajs.logLevel.INFO,
      logCreator: () => report,
    });
  }

  /** Ends its connections: what waits for an answer fails now, and kafkajs connects anew. */
  cut(): void {
    // With an error, because kafkajs does not notice a connection that merely closes on our side.
    for (const socket of this.#sockets) socket.destroy(new Error('given up'));
  }

  /** Ends its connections for good. Nothing that kafkajs still tries reaches a broker. */
  destroy(): void {
    this.#destroyed = true;
    this.cut();
  }

  #connect(options: ISocketFactoryArgs): Socket {
    if (this.#destroyed) throw new Error('given up');
    const socket = this.#open(options);
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

function openSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const socket = ssl ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect) : connect({ host, port }, onConnect);
  return socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true);
}

/** What kafkajs calls an error is mostly tried again, by it or by us; what comes of it is reported where it matters. */
function report({ namespace, log: entry }: LogEntry): void {
  const { message, broker, groupId, topic, partition, error } = entry;
  log.debug({ namespace, broker, groupId, topic, partition, reason: typeof error === 'string' ? error : undefined }, message);
}
