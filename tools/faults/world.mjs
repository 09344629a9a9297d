// Everything that a run needs: engines, services, people here and elsewhere.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { loopbackHosts } from '../../libs/testkit/dist/index.js';
import { startKafka } from '../engines/kafka.mjs';
import { freePort } from '../engines/process.mjs';
import { startRedis } from '../engines/redis.mjs';
import { noteEndedJobs } from './observe.mjs';
import { Postgres } from './postgres.mjs';
import { randomOf } from './random.mjs';
import { RemoteHost } from './remote-host.mjs';
import { helio, ServiceProcess } from './services.mjs';

/** Two of each service that shares partitions or jobs. */
const APPS = ['gateway', 'inbox-ingest', 'status-projection', 'status-projection', 'delivery', 'delivery'];
const HOSTS = ['one.test', 'two.test', 'three.test'];
const LOCAL_PEOPLE = 6;

/** Apache Kafka that can be stopped, killed and started again on its data. */
class Kafka {
  #options;
  #running;

  static async start(dataDir) {
    const kafka = new Kafka();
    kafka.#options = { dataDir };
    await kafka.start();
    return kafka;
  }

  async start() {
    this.#running = await startKafka(this.#options);
    this.brokers = this.#running.brokers;
  }

  stop = () => this.#running.stop();
  kill = () => this.#running.kill();
}

/** Redis, likewise; it comes back empty. */
class Redis {
  #options;
  #running;

  static async start(dataDir) {
    const redis = new Redis();
    redis.#options = { dataDir, port: await freePort() };
    await redis.start();
    return redis;
  }

  async start() {
    this.#running = await startRedis(this.#options);
    this.url = this.#running.url;
  }

  stop = () => this.#running.stop();
  kill = () => this.#running.kill();
}

export async function buildWorld({ directory, seed, say }) {
  const logs = path.join(directory, 'logs');
  await mkdir(logs);
  say('starting Kafka, PostgreSQL and Redis');
  const inside = (name) => path.join(directory, name);
  const [postgres, kafka, redis] = await Promise.all([Postgres.create(directory), Kafka.start(inside('kafka')), Redis.start(inside('redis'))]);
  const ports = await Promise.all(APPS.map(freePort));
  const portOf = (app) => ports[APPS.indexOf(app)];
  const publicUrl = `http://127.0.0.1:${portOf('gateway')}`;
  const env = (app) => ({
    PATH: process.env.PATH,
    DATABASE_URL: postgres.url,
    KAFKA_BROKERS: kafka.brokers,
    REDIS_URL: redis.url,
    HELIO_HOST: '127.0.0.1',
    HELIO_PUBLIC_URL: publicUrl,
    HELIO_ALLOW_PRIVATE_NETWORK: 'on',
    HELIO_DELIVERY_RETRY_SECONDS: '1',
    // Deliveries that are not made any more say so at this level, and the checker wants to know.
    HELIO_LOG_LEVEL: app === 'delivery' ? 'debug' : 'info',
    ...loopbackHosts(),
  });
  await helio(env('cli'), 'migrate');
  await noteEndedJobs(postgres);
  await helio(env('cli'), 'topics', 'apply', '--replication', '1', '--min-insync-replicas', '1');
  const services = APPS.map((app, index) => {
    const name = `${app}-${APPS.slice(0, index + 1).filter((other) => other === app).length}`;
    return new ServiceProcess({ app, name, port: ports[index], env: env(app), logs });
  });
  say(`making ${LOCAL_PEOPLE} accounts`);
  const accounts = [];
  for (let number = 1; number <= LOCAL_PEOPLE; number += 1) accounts.push(await makeAccount(env('cli'), `local${number}`, number % 3 !== 0));
  const elsewhere = await Promise.all(HOSTS.map((host) => RemoteHost.start(host, randomOf(seed, `inbox ${host}`))));
  return { directory, logs, publicUrl, portOf, engines: { postgres, kafka, redis }, services, accounts, elsewhere };
}

async function makeAccount(env, name, history) {
  const options = ['--email', `${name}@mail.example`, '--password', 'correct horse battery', ...(history ? [] : ['--no-history'])];
  const output = await helio(env, 'account', 'create', name, ...options);
  return { ...JSON.parse(output), history };
}
