// Carries faults out: each breaks one thing for a while, and mends it again.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { membersOf } from './groups.mjs';
import { signal } from './processes.mjs';

/** Beyond the 10 s after which Kafka counts a consumer out. */
const STALL_MS = 13_000;
const FIGHT_MOST_MS = 30_000;
const BACKUP_EVERY_MS = 15_000;
const BACKUP_AGE_MS = 60_000;

export class Faults {
  #world;
  #say;
  /** What is broken now, and by whom it is mended: no two faults work on one thing. */
  #busy = new Map();
  #backups = [];
  #backupNumber = 0;
  /** What was done, for the report: see `Fault` in checker.d.mts. */
  done = [];
  /** From the moment services stop for a restore until they are asked to start again. */
  restores = [];

  constructor(world, say) {
    this.#world = world;
    this.#say = say;
  }

  /** Resolves when what it broke is running again (not: ready). */
  async carryOut(fault) {
    const { act, target } = fault;
    const process = this.#pick(fault);
    const name = `${act} ${process?.name ?? target}`;
    await this.#alone(this.#touchedBy(fault, process), async () => {
      const record = { what: name, at: Date.now(), until: null };
      this.done.push(record);
      this.#say(`fault ${this.done.length}: ${name}`);
      await this.#actOf(fault, process);
      record.until = Date.now();
    });
  }

  /** Takes a backup now and then, whatever else is going on, as long as PostgreSQL runs. */
  async keepBackups(stopping) {
    const { postgres } = this.#world.engines;
    while (!stopping()) {
      await this.#alone(['postgres'], async () => {
        if (!postgres.running) return;
        this.#backupNumber += 1;
        const backup = { at: Date.now(), directory: path.join(this.#world.directory, `backup-${this.#backupNumber}`) };
        await postgres.backUp(backup.directory);
        this.#backups.push(backup);
      });
      await this.#forgetOldBackups();
      await sleep(BACKUP_EVERY_MS);
    }
  }

  #pick({ target, which }) {
    const some = this.#world.services.filter(({ app }) => app === target);
    return some[which % some.length] ?? null;
  }

  /** Everything that a fault stops, or that has to stand still for it. */
  #touchedBy({ act, target }, process) {
    const { services } = this.#world;
    if (act === 'restore') return ['postgres', ...services.map(({ name }) => name)];
    if (act === 'fight') return services.filter(({ app }) => app === target).map(({ name }) => name);
    return [process?.name ?? target];
  }

  #actOf(fault, process) {
    const engine = this.#world.engines[fault.target];
    switch (fault.act) {
      case 'kill':
        return this.#down(engine ? () => engine.kill() : () => process.end('SIGKILL'), engine ?? process, fault.downMs);
      case 'stop':
        return this.#down(() => engine.stop(), engine, fault.downMs);
      case 'stall':
        return this.#stall(process);
      case 'fight':
        return this.#fight(fault);
      case 'restore':
        return this.#restore();
      default:
        throw new Error(`there is no fault "${fault.act}"`);
    }
  }

  async #down(end, thing, downMs) {
    await end();
    await sleep(downMs);
    await thing.start();
  }

  /** It holds its partitions and leases, and does not know that they are given to others. */
  async #stall({ pid }) {
    signal(pid, 'SIGSTOP');
    await sleep(STALL_MS);
    signal(pid, 'SIGCONT');
  }

  /** One stands still until the other has all partitions; then it comes back, and the other stands still, while they are shared out anew. */
  async #fight({ target, which }) {
    const both = this.#world.services.filter(({ app }) => app === target);
    const [first, second] = which === 0 ? both : both.toReversed();
    const { brokers } = this.#world.engines.kafka;
    const members = () => membersOf(brokers, target).catch(() => null);
    const before = await members();
    const deadline = Date.now() + FIGHT_MOST_MS;
    signal(first.pid, 'SIGSTOP');
    const isAlone = async () => ((await members()) ?? Infinity) <= (before ?? 0) / 2;
    while (Date.now() < deadline && !(await isAlone())) await sleep(300);
    await sleep(1_000);
    signal(first.pid, 'SIGCONT');
    await sleep(500);
    const { pid } = second;
    signal(pid, 'SIGSTOP');
    await sleep(STALL_MS);
    signal(pid, 'SIGCONT');
  }

  /** As docs/operations.md says: services stop, the database is replaced, services start. */
  async #restore() {
    const { engines, services } = this.#world;
    const backup = await this.#aged();
    const from = Date.now();
    await Promise.all(services.map((service) => service.end('SIGTERM')));
    await engines.postgres.stop();
    await engines.postgres.restore(backup.directory);
    await engines.postgres.start();
    // What was taken of the future that is no more.
    this.#backups = this.#backups.filter(({ at }) => at <= backup.at);
    this.restores.push({ from, until: Date.now(), to: backup.at });
    this.#say(`restored what was there ${Math.round((from - backup.at) / 1000)} s before`);
    for (const service of services) service.start();
  }

  /** The latest backup that is a minute old. */
  async #aged() {
    for (;;) {
      const aged = this.#backups.findLast(({ at }) => at <= Date.now() - BACKUP_AGE_MS);
      if (aged) return aged;
      await sleep(500);
    }
  }

  async #forgetOldBackups() {
    const aged = this.#backups.filter(({ at }) => at <= Date.now() - BACKUP_AGE_MS);
    for (const backup of aged.slice(0, -2)) {
      this.#backups.splice(this.#backups.indexOf(backup), 1);
      await rm(backup.directory, { recursive: true, force: true });
    }
  }

  /** Waits until nobody else works on any of the things, then works. */
  async #alone(things, work) {
    for (let others = this.#others(things); others.length > 0; others = this.#others(things)) await Promise.all(others);
    const working = work();
    const settled = working.catch(() => undefined);
    for (const thing of things) this.#busy.set(thing, settled);
    await settled;
    for (const thing of things) if (this.#busy.get(thing) === settled) this.#busy.delete(thing);
    await working;
  }

  #others(things) {
    return things.flatMap((thing) => this.#busy.get(thing) ?? []);
  }
}
