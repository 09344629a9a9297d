import { Gather } from './gather.ts';

/** Answers in upper case, when told to. */
function scripted(options: { maxKeys: number; maxUnderWay: number }) {
  const asked: (readonly string[])[] = [];
  const answers: (() => void)[] = [];
  const gather = new Gather<string | null>(
    (keys) => {
      asked.push(keys);
      return new Promise((resolve, reject) => {
        answers.push(() => (keys.includes('fails') ? reject(new Error('no')) : resolve(new Map(keys.filter((key) => key !== 'unknown').map((key) => [key, key.toUpperCase()])))));
      });
    },
    null,
    options,
  );
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return { gather, asked, answers, turn };
}

describe('gathering', () => {
  test('what is asked in one turn is one question; each key is in it once', async () => {
    const { gather, asked, answers, turn } = scripted({ maxKeys: 10, maxUnderWay: 1 });
    const all = Promise.all([gather.ask('a'), gather.ask('b'), gather.ask('a'), gather.ask('unknown')]);
    await turn();
    answers.forEach((answer) => answer());
    expect(await all).toEqual(['A', 'B', 'A', null]);
    expect(asked).toEqual([['a', 'b', 'unknown']]);
  });

  test('nobody gets the answer of a question that was under way before he asked', async () => {
    const { gather, asked, answers, turn } = scripted({ maxKeys: 10, maxUnderWay: 2 });
    const first = gather.ask('a');
    await turn();
    const second = gather.ask('a');
    await turn();
    expect(asked).toEqual([['a'], ['a']]);
    answers[0]!();
    expect(await first).toBe('A');
    const settled = await Promise.race([second, turn().then(() => 'waits')]);
    expect(settled).toBe('waits');
    answers[1]!();
    expect(await second).toBe('A');
  });

  test('holds to its bounds, and forgets nobody', async () => {
    const { gather, asked, answers, turn } = scripted({ maxKeys: 2, maxUnderWay: 1 });
    const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => gather.ask(key)));
    for (let n = 0; n < 3; n += 1) {
      await turn();
      expect(asked).toHaveLength(n + 1);
      answers[n]!();
      await turn();
    }
    expect(await all).toEqual(['A', 'B', 'C', 'D', 'E']);
    expect(asked).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  test('a question that fails fails for those who asked it, and for nobody after', async () => {
    const { gather, answers, turn } = scripted({ maxKeys: 10, maxUnderWay: 1 });
    const failed = Promise.allSettled([gather.ask('fails'), gather.ask('a')]);
    await turn();
    answers[0]!();
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = gather.ask('a');
    await turn();
    answers[1]!();
    expect(await next).toBe('A');
  });
});
