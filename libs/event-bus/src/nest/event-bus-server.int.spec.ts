import 'reflect-metadata';
import type { TopicDefinition } from '@heliograph/contracts';
import { createTestDatabase, type TestDatabase } from '@heliograph/testkit';
import { Controller, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { UnknownMessageError } from '../consume/errors.ts';
import { Collector, until } from '../contract/collector.ts';
import { EmbeddedEngine, emptyBus, migrateBus } from '../embedded/embedded-engine.ts';
import type { Batch, EventBus } from '../port.ts';
import { BusContext } from './bus-context.ts';
import { connectEventBus } from './connect-event-bus.ts';
import { EventBusServer } from './event-bus-server.ts';

const TOPICS: readonly TopicDefinition[] = ['orders', 'orders.dead', 'news', 'news.dead'].map((name) => ({
  name,
  partitions: 2,
  retentionMs: 3_600_000,
  groups: ['shop'],
  carriesText: false,
}));

let database: TestDatabase;
let engine: EmbeddedEngine;
let bus: EventBus;
let app: INestApplication;
let server: EventBusServer;

let inject: (batch: Batch) => Promise<void>;
let handled: { readonly topic: string; readonly values: readonly string[]; readonly signal: AbortSignal }[];

@Controller()
class Shop {
  @EventPattern<string>('orders')
  async order(@Payload() batch: Batch, @Ctx() context: BusContext): Promise<void> {
    await inject(batch);
    await context.heartbeat();
    handled.push({ topic: batch.topic, values: batch.messages.map(({ value }) => value), signal: context.signal });
  }

  @EventPattern<string>('news', { group: null })
  news(@Payload() batch: Batch, @Ctx() { signal }: BusContext): void {
    handled.push({ topic: batch.topic, values: batch.messages.map(({ value }) => value), signal });
  }
}

const create = async (controller: Type): Promise<INestApplication> => {
  class ShopModule {}
  return NestFactory.create({ module: ShopModule, controllers: [controller] }, new FastifyAdapter(), { logger: false });
};

beforeAll(async () => {
  database = await createTestDatabase();
  await migrateBus(database.url);
});
beforeEach(async () => {
  await emptyBus(database.url);
  engine = new EmbeddedEngine(database.url, TOPICS);
  bus = await engine.bus();
  server = new EventBusServer({ bus, group: 'shop' });
  handled = [];
  inject = async () => undefined;
  app = await create(Shop);
});
afterEach(async () => {
  await app.close();
  await engine.stop();
});
afterAll(() => database.drop());

const listen = async (): Promise<void> => {
  connectEventBus(app, server);
  await app.init();
  await app.startAllMicroservices();
};
const order = (value: string): Promise<void> => bus.publish('orders', [{ key: 'k', value }]);
const valuesOf = (topic: string): string[] => handled.filter((one) => one.topic === topic).flatMap(({ values }) => values);

test('handlers get whole batches of their topic, in the group or without', async () => {
  await bus.publish('news', [{ key: 'k', value: 'old' }]);
  expect(() => server.assertReady()).toThrow('not subscribed');
  await listen();
  await bus.publish('orders', ['1', '2', '3'].map((value) => ({ key: 'k', value })));
  await bus.publish('news', [{ key: 'k', value: 'new' }]);
  await until('all', () => valuesOf('orders').length === 3 && valuesOf('news').length === 1);
  expect(handled.find(({ topic }) => topic === 'orders')!.values).toEqual(['1', '2', '3']);
  expect(valuesOf('news')).toEqual(['new']);
  expect(server.ready).toBe(true);
  server.assertReady();
  expect(server.states().map(({ topic, group }) => [topic, group])).toEqual([
    ['orders', 'shop'],
    ['news', null],
  ]);
});

test('errors reach the worker as they are: an unknown message waits, a dependency is waited for, anything else is set aside', async () => {
  await listen();
  const failures: (Error | null)[] = [
    new UnknownMessageError('version 2'),
    Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('server closed the connection'), { code: '57P01', severity: 'FATAL' }),
  ];
  for (const [i, reason] of ['unknown-message', 'dependency', 'dependency'].entries()) {
    let failing = true;
    inject = async () => {
      if (failing) throw failures[i]!;
    };
    await order(`waits ${i}`);
    await until('not ready', () => !server.ready);
    expect(server.states()[0]!.stalled).toMatchObject([{ reason }]);
    expect(() => server.assertReady()).toThrow(new RegExp(`orders: partition . waits \\(${reason}: .*${failures[i]!.message}`));
    failing = false;
    // An unknown message is tried again after half a minute: a restart is what a deploy does.
    if (reason === 'unknown-message') {
      await app.close();
      app = await create(Shop);
      server = new EventBusServer({ bus, group: 'shop' });
      await listen();
    }
    await until('done', () => valuesOf('orders').includes(`waits ${i}`));
    await until('ready', () => server.ready);
  }
  inject = async () => {
    throw new TypeError('bad order');
  };
  await order('bad');
  const dead = new Collector({});
  await dead.subscribe(bus, ['orders.dead'], 'checker');
  await dead.has(1);
  expect(dead.received[0]).toMatchObject({ value: 'bad', headers: { 'dead-letter-error': 'TypeError: bad order' } });
});

test('closing the application finishes the batch in hand and leaves the group', async () => {
  let release = (): void => undefined;
  let begun = false;
  inject = () => ((begun = true), new Promise((resolve) => (release = resolve)));
  await listen();
  await order('1');
  await until('begun', () => begun);
  const closing = app.close();
  release();
  await closing;
  expect(valuesOf('orders')).toEqual(['1']);
  expect((await bus.lag()).find(({ topic }) => topic === 'orders')).toMatchObject({ messages: 0 });
  expect(server.ready).toBe(false);
  await bus.ping();
});

test('a server that is attached without its error filter refuses to start', async () => {
  app.connectMicroservice({ strategy: server });
  await expect(app.startAllMicroservices()).rejects.toThrow(/connectEventBus/);
});

test('a bus that is away, or a topic that it does not know, keeps the application from starting', async () => {
  await engine.cut();
  await expect(listen()).rejects.toThrow(/PostgreSQL/);
  expect(server.ready).toBe(false);
});

test('a pattern that wants answers, or a second handler of a topic, is refused', async () => {
  @Controller()
  class Asks {
    @MessagePattern('orders')
    ask(): void {}
  }
  @Controller()
  class Twice {
    @EventPattern<string>('orders')
    one(): void {}

    @EventPattern<string>('orders')
    two(): void {}
  }
  await app.close();
  app = await create(Asks);
  expect(() => connectEventBus(app, server)).toThrow(/must be an @EventPattern/);
  await app.close();
  app = await create(Twice);
  expect(() => connectEventBus(app, new EventBusServer({ bus, group: 'shop' }))).toThrow(/two handlers for topic "orders"/);
});
