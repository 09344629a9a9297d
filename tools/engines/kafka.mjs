// Apache Kafka (KRaft) from Maven Central, as one plain Java process: for tests, development and benchmarks. Needs Java and, once, Maven.
//   node tools/engines/kafka.mjs start --data DIR [--port N]     runs it until Ctrl-C
//   node tools/engines/kafka.mjs install                         only fetches it
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ask, assertFree, EngineProcess, freePort, runUntilSignal, versionOf } from './process.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const POM = path.join(here, 'kafka', 'pom.xml');
export const KAFKA_VERSION = /<kafka\.version>(.+)<\/kafka\.version>/.exec(readFileSync(POM, 'utf8'))[1];
const LIBS = path.join(here, '..', '..', '.engines', `kafka-${KAFKA_VERSION}`);
const MIN_JAVA = 17;
const START_MS = 60_000;

/** Why Kafka cannot be started here, with the remedy; null when it can. */
export function whyNoKafka() {
  const java = versionOf('java', ['-version']);
  if (java === null) return `there is no java: install Java ${MIN_JAVA} or newer (Debian: apt-get install openjdk-17-jre-headless)`;
  const major = Number(/version "(?:1\.)?(\d+)/.exec(java)?.[1]);
  if (major < MIN_JAVA) return `Apache Kafka ${KAFKA_VERSION} needs Java ${MIN_JAVA} or newer, and java is ${major}: put a newer one first in PATH`;
  if (existsSync(LIBS) || versionOf('mvn', ['--version']) !== null) return null;
  return `Apache Kafka is not fetched yet and there is no mvn to fetch it: install Maven (Debian: apt-get install maven)`;
}

/** Fetches the jars unless they are there; returns their folder. @throws Error with the remedy */
export function installKafka(log = () => undefined) {
  const reason = whyNoKafka();
  if (reason) throw new Error(reason);
  if (existsSync(LIBS)) return LIBS;
  log(`fetching Apache Kafka ${KAFKA_VERSION} with Maven (once; 54 MB)`);
  mkdirSync(path.dirname(LIBS), { recursive: true });
  // Made beside and renamed, so that nobody ever sees half of them.
  const fresh = mkdtempSync(`${LIBS}-`);
  try {
    const { status, stdout, stderr } = spawnSync('mvn', ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${fresh}`], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`Maven could not fetch Apache Kafka; it has to reach Maven Central, or a mirror named in ~/.m2/settings.xml:\n${stdout}${stderr}`);
    renameSync(fresh, LIBS);
  } catch (error) {
    // Another process was faster.
    if (!existsSync(LIBS)) throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return LIBS;
}

const basic = ({ dataDir, broker, controller }) => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.voters': `1@127.0.0.1:${controller}`,
  'controller.listener.names': 'CONTROLLER',
  listeners: `PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker}`,
  'log.dirs': path.join(dataDir, 'data'),
  'auto.create.topics.enable': false,
  'default.replication.factor': 1,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 8,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'group.initial.rebalance.delay.ms': 0,
  // Specs let members die, and wait for others to notice.
  'group.min.session.timeout.ms': 1_000,
  // With the default of 9 s, a broker that was killed stays fenced that long after its restart.
  'broker.session.timeout.ms': 3_000,
  'broker.heartbeat.interval.ms': 500,
});

/** Ports stay the same for the life of a data directory: clients and the controller's quorum know them. */
async function portsOf(dataDir, port) {
  const file = path.join(dataDir, 'ports.json');
  const known = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const ports = { broker: port ?? known.broker ?? (await freePort()), controller: known.controller ?? (await freePort()) };
  await assertFree(ports.broker);
  await assertFree(ports.controller);
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

/** The broker is up when it lists itself: a fenced one answers too, but is not in the list. Metadata request, version 1, for no topics. */
async function listsItself(port) {
  const body = Buffer.from([0, 3, 0, 1, 0, 0, 0, 1, 255, 255, 0, 0, 0, 0]);
  const answer = await ask(port, Buffer.concat([Buffer.from([0, 0, 0, body.length]), body]));
  // Length, correlation id, number of brokers.
  return answer !== null && answer.length >= 12 && answer.readInt32BE(8) > 0;
}

/**
 * Starts a single node, on data of an earlier run if `dataDir` has some, and resolves once it answers.
 * @param {{ dataDir: string, port?: number, settings?: object, log?: (message: string) => void }} options `settings`: of the broker, beside ours
 * @throws Error with the remedy, or the last lines of Kafka's log
 */
export async function startKafka({ dataDir, port, settings = {}, log = () => undefined }) {
  const libs = installKafka(log);
  const directory = path.resolve(dataDir);
  mkdirSync(directory, { recursive: true });
  const ports = await portsOf(directory, port);
  const properties = path.join(directory, 'server.properties');
  const lines = Object.entries({ ...basic({ dataDir: directory, ...ports }), ...settings }).map(([name, value]) => `${name}=${value}`);
  writeFileSync(properties, `${lines.join('\n')}\n`);
  const java = ['-cp', path.join(libs, '*'), '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
  if (!existsSync(path.join(directory, 'data', 'meta.properties'))) {
    const format = ['kafka.tools.StorageTool', 'format', '-t', 'aGVsaW9ncmFwaC10ZXN0cw', '-c', properties];
    const { status, stdout, stderr } = spawnSync('java', [...java, ...format], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`Kafka could not format ${directory}:\n${stdout}${stderr}`);
  }
  const args = ['-Xmx512m', '-XX:+UseSerialGC', ...java, 'kafka.Kafka', properties];
  const server = new EngineProcess({ name: 'Kafka', command: 'java', args, cwd: directory, logFile: path.join(directory, 'kafka.log') });
  await server.untilReady(() => listsItself(ports.broker), START_MS);
  const brokers = `127.0.0.1:${ports.broker}`;
  log(`Kafka ${KAFKA_VERSION} runs on ${brokers} (pid ${server.pid})`);
  return { brokers, pid: server.pid, stop: () => server.stop(), kill: () => server.kill() };
}

async function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { data: { type: 'string' }, port: { type: 'string' } } });
  const log = (message) => console.error(message);
  if (positionals[0] === 'install') return void installKafka(log);
  if (positionals[0] !== 'start' || !values.data) throw new Error('usage: kafka.mjs install | start --data DIR [--port N]');
  await runUntilSignal(() => startKafka({ dataDir: values.data, port: values.port === undefined ? undefined : Number(values.port), log }), 'brokers');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(`kafka: ${error.message}`);
    process.exitCode = 1;
  });
}
