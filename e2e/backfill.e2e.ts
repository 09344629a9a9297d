import { eventually, Instance, type InstanceAccount, type RemotePerson, RemoteServer } from '@heliograph/testkit';

const HOUR = 3_600_000;
const AS2 = 'https://www.w3.org/ns/activitystreams';

/** What another server knows about its people comes here when somebody looks or follows, and is put right when a message was missed. */
describe('backfill and refresh', () => {
  let instance: Instance;
  let remote: RemoteServer;
  let elsewhere: RemoteServer;
  let alice: InstanceAccount;

  beforeAll(async () => {
    [instance, remote, elsewhere] = await Promise.all([Instance.start({ HELIO_REFRESH_SECONDS: '1' }), RemoteServer.start(), RemoteServer.start(0, 'localhost')]);
    alice = await instance.createAccount('alice');
  }, 120_000);
  afterAll(() => Promise.all([instance?.dispose(), remote?.stop(), elsewhere?.stop()]), 60_000);

  const began = Date.now();
  /** Two hours before the tests and `n` minutes: the same however often it is told. */
  const time = (n: number): string => new Date(began - 2 * HOUR + n * 60_000).toISOString();
  const status = (person: Pick<RemotePerson, 'id'>, n: number, more: object = {}) => ({ type: 'ActorStatus', id: `${person.id}/statuses/${n}`, attributedTo: person.id, content: `status ${n}`, published: time(n), ...more });
  const follow = async (person: RemotePerson): Promise<void> => {
    expect((await instance.request('POST', '/api/following', { token: alice.token, body: { actor: person.id } })).status).toBe(201);
    const { activity } = await remote.waitFor(({ type, object }) => type === 'Follow' && object === person.id);
    const accept = { '@context': AS2, type: 'Accept', id: `${person.id}#accept`, actor: person.id, object: activity };
    expect((await remote.deliver(person, `${instance.origin}/inbox`, accept)).status).toBe(202);
  };
  const look = (person: Pick<RemotePerson, 'id'>) => instance.request('GET', `/api/actors/${encodeURIComponent(person.id)}`, { token: alice.token });
  const history = async (person: Pick<RemotePerson, 'id'>): Promise<string[]> => {
    const { body } = await instance.request('GET', `/api/actors/${encodeURIComponent(person.id)}/history?limit=100`);
    return body.items.map(({ content, state }: { content: string; state: string }) => `${content}: ${state}`);
  };
  const current = async (person: Pick<RemotePerson, 'id'>): Promise<string | null> =>
    (await instance.request('GET', `/api/actors/${encodeURIComponent(person.id)}/status`)).body.status?.content ?? null;
  const fetched = (path: string): number => remote.fetches.filter((fetch) => fetch.path === path).length;

  describe('a look-up brings status and history', () => {
    const shapes: Record<string, (person: RemotePerson) => void> = {
      'an OrderedCollection with pages by address': (person) => {
        const base = `/users/${person.name}/statuses`;
        const url = `${remote.origin}${base}`;
        person.document['statusHistory'] = url;
        remote.documents.set(base, { type: 'OrderedCollection', id: url, totalItems: 3, first: `${url}?page=1` });
        remote.documents.set(`${base}?page=1`, { type: 'OrderedCollectionPage', id: `${url}?page=1`, partOf: url, orderedItems: [status(person, 3), status(person, 2)], next: `${url}?page=2` });
        remote.documents.set(`${base}?page=2`, { type: 'OrderedCollectionPage', id: `${url}?page=2`, partOf: url, orderedItems: [status(person, 1)] });
      },
      'a Collection without pages, inlined in the actor': (person) => {
        person.document['statusHistory'] = { type: 'Collection', items: [1, 2, 3].map((n) => status(person, n)) };
      },
      'a first page inlined, and single items without arrays': (person) => {
        const next = `/users/${person.name}/statuses?page=2`;
        person.document['sm:statusHistory'] = { type: 'OrderedCollection', orderedItems: status(person, 3), first: { type: 'CollectionPage', items: status(person, 2), next: `${remote.origin}${next}` } };
        remote.documents.set(next, { type: 'CollectionPage', items: status(person, 1) });
      },
      'items by address': (person) => {
        const base = `/users/${person.name}/statuses`;
        person.document['statusHistory'] = { id: `${remote.origin}${base}` };
        remote.documents.set(base, { type: 'OrderedCollection', id: `${remote.origin}${base}`, orderedItems: [1, 2, 3].map((n) => `${person.id}/statuses/${n}`) });
        for (const n of [1, 2, 3]) remote.documents.set(`${base}/${n}`, { '@context': AS2, ...status(person, n) });
      },
    };

    test.each(Object.keys(shapes).map((shape, i) => [shape, `shape${i}`]))('from %s', async (shape, name) => {
      const person = remote.addPerson(name);
      person.document['status'] = status(person, 3);
      shapes[shape]!(person);
      expect((await look(person)).status).toBe(200);
      await eventually(async () => expect(await history(person)).toEqual(['status 3: current', 'status 2: past', 'status 1: past']));
      expect(await current(person)).toBe('status 3');
    });

    test('of one who has cleared the status: nothing shows, and the history is there', async () => {
      const person = remote.addPerson('cleared');
      person.document['statusHistory'] = { type: 'OrderedCollection', orderedItems: [status(person, 2), status(person, 1, { endTime: time(2) })] };
      expect((await look(person)).status).toBe(200);
      await eventually(async () => expect(await history(person)).toEqual(['status 2: past', 'status 1: expired']));
      expect(await current(person)).toBeNull();
    });

    test('of one without a history: the status alone', async () => {
      const person = remote.addPerson('plain');
      person.document['status'] = status(person, 1);
      expect((await look(person)).status).toBe(200);
      await eventually(async () => expect(await current(person)).toBe('status 1'));
      expect(await history(person)).toEqual([]);
    });
  });

  test('nothing newer is displaced', async () => {
    const person = remote.addPerson('newer');
    person.document['statusHistory'] = { type: 'OrderedCollection', orderedItems: [status(person, 2), status(person, 1)] };
    person.document['status'] = status(person, 2);
    const create = { '@context': AS2, type: 'Create', id: `${person.id}#c`, actor: person.id, object: status(person, 9) };
    expect((await remote.deliver(person, `${instance.origin}/inbox`, create)).status).toBe(202);
    await eventually(async () => expect(await current(person)).toBe('status 9'));
    expect((await look(person)).status).toBe(200);
    await eventually(async () => expect(await history(person)).toEqual(['status 9: current', 'status 2: past', 'status 1: past']));
  });

  describe('hostile histories', () => {
    /** A person whose history `make` has made; resolves when it was read, to an honest neighbour's end. */
    async function read(name: string, make: (person: RemotePerson, path: string) => void): Promise<RemotePerson> {
      const person = remote.addPerson(name);
      const path = `/users/${name}/statuses`;
      person.document['status'] = status(person, 50);
      person.document['statusHistory'] = `${remote.origin}${path}`;
      make(person, path);
      expect((await look(person)).status).toBe(200);
      await eventually(async () => expect(await history(person)).toContain('status 49: past'));
      return person;
    }
    const page = (path: string, items: unknown[], next?: string) => ({ type: 'OrderedCollectionPage', id: `${remote.origin}${path}`, orderedItems: items, ...(next && { next }) });

    test('that lead back to themselves end', async () => {
      await read('looping', (person, path) => {
        remote.documents.set(path, { ...page(path, [status(person, 49)]), first: `${remote.origin}${path}?page=1` });
        remote.documents.set(`${path}?page=1`, page(`${path}?page=1`, [status(person, 48)], `${remote.origin}${path}?page=2`));
        remote.documents.set(`${path}?page=2`, page(`${path}?page=2`, [status(person, 47)], `${remote.origin}${path}?page=1#again`));
      });
      await eventually(async () => expect(await history({ id: `${remote.origin}/users/looping` })).toContain('status 47: past'));
      expect(fetched('/users/looping/statuses')).toBe(3);
    });

    test('that never end are read in part', async () => {
      let count = 0;
      const person = await read('endless', (person, path) => {
        const answer = (n: number) => () => {
          count += 1;
          const next = `${path}?page=${n + 1}`;
          remote.documents.set(next, answer(n + 1));
          return page(n === 0 ? path : `${path}?page=${n}`, [status(person, 49 - n)], `${remote.origin}${next}`);
        };
        remote.documents.set(path, answer(0));
      });
      await eventually(async () => expect(await history(person)).toContain('status 30: past'));
      expect(count).toBe(20);
      expect(await history(person)).toHaveLength(21);
    });

    test('that hold what belongs to others, or lead there, bring nothing of it', async () => {
      const victim = remote.addPerson('victim');
      victim.document['status'] = status(victim, 1);
      await look(victim);
      await eventually(async () => expect(await current(victim)).toBe('status 1'));
      const away = elsewhere.addPerson('away');
      elsewhere.documents.set('/more', { type: 'OrderedCollectionPage', id: `${elsewhere.origin}/more`, orderedItems: [] });
      const mallory = await read('mallory', (person, path) => {
        const foreign = [status(victim, 40), status(away, 40), { ...status(person, 40), id: `${elsewhere.origin}/statuses/40` }, { ...status(victim, 41), attributedTo: person.id, id: `${elsewhere.origin}/x` }];
        const future = status(person, 40, { published: new Date(Date.now() + 30 * HOUR).toISOString() });
        remote.documents.set(path, { ...page(path, [...foreign, future, null, 7, 'x', { type: 'Note' }, `${elsewhere.origin}/statuses/1`, status(person, 49)]), next: `${elsewhere.origin}/more` });
      });
      expect(await history(mallory)).toEqual(['status 50: current', 'status 49: past']);
      expect(await current(victim)).toBe('status 1');
      expect((await instance.request('GET', `/api/actors/${encodeURIComponent(away.id)}`)).status).toBe(404);
      expect(elsewhere.fetches).toEqual([]);
    });

    test('that are huge are read in part', async () => {
      const person = await read('huge', (person, path) => {
        remote.documents.set(path, page(path, Array.from({ length: 1500 }, (_, i) => ({ ...status(person, 49), id: `${person.id}/s/${i}`, content: i === 0 ? 'status 49' : 'x', published: time(49 - i / 100) }))));
      });
      await eventually(async () => {
        const { body } = await instance.request('GET', '/metrics');
        expect(Number(/heliograph_backfill_total\{end="complete"\} (\d+)/.exec(body)?.[1])).toBeGreaterThan(0);
        expect(await history(person)).toHaveLength(100);
      });
      // One of 4 MB is not even read.
      const path = '/users/vast/statuses';
      const vast = remote.addPerson('vast');
      vast.document['status'] = status(vast, 50);
      vast.document['statusHistory'] = `${remote.origin}${path}`;
      remote.documents.set(path, page(path, [status(vast, 49, { content: 'x'.repeat(4_000_000) })]));
      await look(vast);
      await eventually(() => expect(fetched(path)).toBeGreaterThan(0));
      await eventually(async () => expect(await current(vast)).toBe('status 50'));
      expect(await history(vast)).toEqual(['status 50: current']);
    });
  });

  describe('what was missed is made up for', () => {
    /** Of one host two people are looked at at a time, and those of the tests before are slow on purpose: turns may take a while. */
    const inTurn = (attempt: () => unknown): Promise<unknown> => eventually(attempt, 60_000);

    test('a Remove: the document shows no status any more', async () => {
      const person = remote.addPerson('remover');
      person.document['status'] = status(person, 1);
      await follow(person);
      await inTurn(async () => expect(await current(person)).toBe('status 1'));
      delete person.document['status'];
      await inTurn(async () => expect(await current(person)).toBeNull());
    }, 150_000);

    test('a Create: the document shows another', async () => {
      const person = remote.addPerson('setter');
      person.document['status'] = status(person, 1);
      await follow(person);
      person.document['status'] = status(person, 2);
      await inTurn(async () => expect(await current(person)).toBe('status 2'));
    }, 150_000);

    test('not by a document that never showed a status, and not within ten minutes', async () => {
      const [silent, recent] = [remote.addPerson('silent'), remote.addPerson('recent')];
      for (const [person, published] of [[silent, time(0)], [recent, new Date().toISOString()]] as const) {
        if (person === recent) person.document['status'] = status(person, 1, { published });
        await follow(person);
        const create = { '@context': AS2, type: 'Create', id: `${person.id}#c`, actor: person.id, object: status(person, 1, { published }) };
        expect((await remote.deliver(person, `${instance.origin}/inbox`, create)).status).toBe(202);
        await inTurn(async () => expect(await current(person)).toBe('status 1'));
        delete person.document['status'];
        const looks = fetched(`/users/${person.name}`);
        await inTurn(() => expect(fetched(`/users/${person.name}`)).toBeGreaterThan(looks + 2));
        expect(await current(person)).toBe('status 1');
      }
    }, 150_000);

    test('of those who are followed, and of nobody else', async () => {
      const person = remote.addPerson('away');
      person.document['status'] = status(person, 1);
      await follow(person);
      await inTurn(async () => expect(await current(person)).toBe('status 1'));
      expect((await instance.request('DELETE', `/api/following/${encodeURIComponent(person.id)}`, { token: alice.token })).status).toBe(204);
      const seen = async () => Number(/heliograph_refresh_total\{outcome="taken-in"\} (\d+)/.exec((await instance.request('GET', '/metrics')).body)?.[1]);
      // One look may be under way; then others go on, and this one has ended.
      const looks = fetched('/users/away');
      const before = await seen();
      await inTurn(async () => expect(await seen()).toBeGreaterThan(before + 12));
      expect(fetched('/users/away')).toBeLessThanOrEqual(looks + 1);
    }, 150_000);
  });

  test('a kill -9 in between loses no look', async () => {
    const person = remote.addPerson('patient');
    person.document['status'] = status(person, 50);
    person.document['statusHistory'] = `${remote.origin}/users/patient/statuses`;
    let asked = false;
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const items = async () => {
      asked = true;
      await opened;
      return { type: 'OrderedCollection', id: `${remote.origin}/users/patient/statuses`, orderedItems: [status(person, 49)] };
    };
    remote.documents.set('/users/patient/statuses', items);
    await follow(person);
    await eventually(() => expect(asked).toBe(true));
    await instance.down('SIGKILL');
    open();
    await instance.up();
    await eventually(async () => expect(await history(person)).toEqual(['status 50: current', 'status 49: past']));
  }, 90_000);
});
