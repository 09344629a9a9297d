import { type Commit, Commits } from './commits.ts';
import { Place } from './place.ts';

/** What reached the group, request by request; each is answered when the test says so. */
class Group {
  readonly requests: (readonly Commit[])[] = [];
  readonly #answers: { resolve(): void; reject(error: Error): void }[] = [];
  readonly commits = new Commits(
    (some) =>
      new Promise((resolve, reject) => {
        this.requests.push(some);
        this.#answers.push({ resolve, reject });
      }),
  );

  /** Answers the oldest request that waits, and lets everybody hear of it. */
  async answer(error?: Error): Promise<void> {
    const waiting = this.#answers.shift()!;
    if (error) waiting.reject(error);
    else waiting.resolve();
    await new Promise(setImmediate);
  }

  get offsets(): readonly (readonly (readonly [number, bigint])[])[] {
    return this.requests.map((some) => some.map(({ partition, next }) => [partition, next] as const));
  }
}

let group: Group;
const place = (partition: number, committed: bigint | null = null): Place => new Place(group.commits, { topic: 'events', partition }, committed);
const turn = (): Promise<void> => new Promise(setImmediate);
beforeEach(() => (group = new Group()));

test('what comes while a request is under way goes together in the next, with the largest of each partition', async () => {
  const [first, second] = [place(0), place(1)];
  const done = [first.store(1n)];
  await turn();
  done.push(first.store(2n), second.store(7n), first.store(5n));
  await group.answer();
  expect(group.offsets).toEqual([[[0, 1n]], [[0, 5n], [1, 7n]]]);
  await group.answer();
  await Promise.all(done);
});

test('an offset that is not larger than what is stored, or on its way, is not sent; it waits for what is on its way', async () => {
  const known = place(0, 10n);
  await known.store(9n);
  await known.store(10n);
  expect(group.requests).toEqual([]);
  const [later, earlier] = [known.store(20n), known.store(15n)];
  let stored = false;
  void earlier.then(() => (stored = true));
  await turn();
  expect(stored).toBe(false);
  await group.answer();
  await Promise.all([later, earlier]);
  expect(group.offsets).toEqual([[[0, 20n]]]);
});

test('what failed is sent again when asked for again', async () => {
  const known = place(0, 10n);
  const failing = known.store(20n);
  const expected = expect(failing).rejects.toThrow('away');
  await turn();
  await group.answer(new Error('away'));
  await expected;
  const again = known.store(15n);
  await turn();
  await group.answer();
  await again;
  expect(group.offsets).toEqual([[[0, 20n]], [[0, 15n]]]);
});

test('a failure is told to everybody who shared the request, and to nobody behind it', async () => {
  const outcomes: string[] = [];
  const [first, second] = [place(0), place(1)];
  const note = (name: string, stored: Promise<void>): void => void stored.then(() => outcomes.push(`${name} stored`), () => outcomes.push(`${name} failed`));
  note('first', first.store(1n));
  note('second', second.store(1n));
  await turn();
  note('behind', first.store(2n));
  await group.answer(new Error('away'));
  await group.answer();
  expect(outcomes.sort()).toEqual(['behind stored', 'first failed', 'second failed']);
});
