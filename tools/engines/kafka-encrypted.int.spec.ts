import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { kafkaConnection } from '../../libs/engines/src/index.ts';
import { applyTopics, BusUnavailableError, KafkaEventBus } from '../../libs/event-bus/src/index.ts';
import { loadConfig } from '../../libs/platform/src/index.ts';
import { describeWithEngine, freePort } from '../../libs/testkit/src/index.ts';
import { installKafka, type RunningKafka, startKafka } from './kafka.mjs';

const TOPIC = { name: 'events', partitions: 2, retentionMs: 3_600_000, groups: ['workers'], carriesText: false };
const [USER, PASSWORD] = ['heliograph', 'correct horse battery'];
const STORE_PASSWORD = 'changeit';

// With a broker of its own, which listens in three ways: unencrypted for itself, by TLS, and by TLS with SASL.
describeWithEngine('kafka', 'Apache Kafka by TLS and SASL, as the services are configured', () => {
  let dataDir: string;
  let kafka: RunningKafka;
  let [tls, login] = [0, 0];
  const file = (name: string): string => path.join(dataDir, name);
  const keytool = (...args: string[]): string => execFileSync('keytool', [...args, '-alias', 'broker', '-keystore', file('broker.p12'), '-storepass', STORE_PASSWORD], { encoding: 'utf8', stdio: 'pipe' });

  beforeAll(async () => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'heliograph-kafka-'));
    keytool('-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-dname', 'CN=broker', '-ext', 'SAN=dns:localhost', '-storetype', 'PKCS12');
    writeFileSync(file('ca.pem'), keytool('-exportcert', '-rfc'));
    const [broker, controller] = [await freePort(), await freePort()];
    [tls, login] = [await freePort(), await freePort()];
    // As a broker of an earlier run has left it, so that it listens where the settings say.
    writeFileSync(file('ports.json'), JSON.stringify({ broker, controller }));
    const listeners = `PLAINTEXT://127.0.0.1:${broker},TLS://127.0.0.1:${tls},LOGIN://127.0.0.1:${login}`;
    kafka = await startKafka({
      dataDir,
      settings: {
        listeners: `${listeners},CONTROLLER://127.0.0.1:${controller}`,
        'advertised.listeners': listeners.replaceAll(/(TLS|LOGIN):\/\/127\.0\.0\.1/g, '$1://localhost'),
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,LOGIN:SASL_SSL',
        'inter.broker.listener.name': 'PLAINTEXT',
        'ssl.keystore.type': 'PKCS12',
        'ssl.keystore.location': file('broker.p12'),
        'ssl.keystore.password': STORE_PASSWORD,
        'ssl.key.password': STORE_PASSWORD,
        'listener.name.login.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
        'listener.name.login.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`,
        'listener.name.login.scram-sha-512.sasl.jaas.config': 'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      },
    });
    addScramUser();
  }, 120_000);
  afterAll(async () => {
    await kafka?.kill();
    rmSync(dataDir, { recursive: true, force: true });
  }, 30_000);

  function addScramUser(): void {
    const added = ['--alter', '--add-config', `SCRAM-SHA-512=[password=${PASSWORD}]`, '--entity-type', 'users', '--entity-name', USER];
    execFileSync('java', ['-cp', path.join(installKafka(), '*'), 'kafka.admin.ConfigCommand', '--bootstrap-server', kafka.brokers, ...added], { stdio: 'pipe' });
  }

  const connectionOf = (env: Record<string, string>): ReturnType<typeof kafkaConnection> => kafkaConnection(loadConfig(env).kafka!);
  const sasl = (mechanism: string, password = PASSWORD): Record<string, string> => ({ KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: USER, KAFKA_SASL_PASSWORD: password });
  const encrypted = (port: number): Record<string, string> => ({ KAFKA_BROKERS: `localhost:${port}`, KAFKA_SSL: 'on', KAFKA_SSL_CA: file('ca.pem') });

  test.each([
    ['TLS', () => encrypted(tls)],
    ['TLS and SASL/PLAIN', () => ({ ...encrypted(login), ...sasl('plain') })],
    ['TLS and SASL/SCRAM-SHA-512', () => ({ ...encrypted(login), ...sasl('scram-sha-512') })],
  ])('by %s topics are made, and messages go in and come out', async (way, env) => {
    const topic = { ...TOPIC, name: `events.${way.replaceAll(/\W/g, '-')}` };
    const connection = connectionOf(env());
    await applyTopics(connection, [topic], { replication: 1, minInsyncReplicas: 1 });
    const bus = new KafkaEventBus({ ...connection, topics: [topic] });
    const messages = Array.from({ length: 20 }, (_, i) => ({ key: `key ${i}`, value: String(i) }));
    const received: string[] = [];
    const all = new Promise<void>((resolve) => {
      const onBatch: Parameters<KafkaEventBus['subscribe']>[0]['onBatch'] = async (batch, { commit }) => {
        received.push(...batch.messages.map(({ value }) => value));
        await commit(batch.messages.at(-1)!.offset);
        if (received.length === messages.length) resolve();
      };
      void bus.subscribe({ topics: [topic.name], group: 'workers', onBatch }).then(() => bus.publish(topic.name, messages));
    });
    await all;
    expect(received.map(Number).sort((a, b) => a - b)).toEqual(messages.map(({ value }) => Number(value)));
    await bus.close();
  }, 60_000);

  test.each([
    ['a certificate that nobody vouches for', () => ({ ...encrypted(tls), KAFKA_SSL_CA: '' }), /self[- ]signed certificate/],
    ['a certificate for another name', () => ({ ...encrypted(tls), KAFKA_BROKERS: `127.0.0.1:${tls}` }), /altnames|does not match/i],
    ['a wrong password', () => ({ ...encrypted(login), ...sasl('plain', 'guessed') }), /authentication failed/i],
    ['no password', () => encrypted(login), /Apache Kafka/],
    ['no encryption', () => ({ KAFKA_BROKERS: `localhost:${tls}` }), /Apache Kafka/],
  ])('%s is refused, and it is said why', async (_, env, reason) => {
    const bus = new KafkaEventBus({ ...connectionOf(env()), topics: [TOPIC] });
    const ping = bus.ping();
    await expect(ping).rejects.toThrow(BusUnavailableError);
    await expect(ping).rejects.toThrow(reason);
    await bus.close();
  }, 30_000);

  test('a file of certificates that is not there is told by its variable', () => {
    expect(() => connectionOf({ ...encrypted(tls), KAFKA_SSL_CA: file('missing.pem') })).toThrow(/KAFKA_SSL_CA.*no such file/);
  });
});
