import { CORPUS } from './corpus.ts';
import { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
}, 120_000);
afterAll(() => world?.stop(), 60_000);

let count = 0;

describe.each([...new Set(CORPUS.map(({ row }) => row))])('%s', (row) => {
  test.each(CORPUS.filter((one) => one.row === row).map(({ name, ...rest }) => [name, rest] as const))('%s', async (_name, { send, outcome }) => {
    const words = `<b>word${(count += 1)}</b>`;
    const answer = await send(world, words);
    await world.neighbourPasses();
    const there = (await Promise.all([world.bob, world.mallory, world.alice].map((who) => world.stored(who)))).flat().some((text) => text.includes(words));
    const seen = { status: answer.status, there, body: answer.body.slice(0, 300) };
    switch (outcome) {
      case 'recorded':
        return expect(seen).toMatchObject({ status: 202, there: true });
      case 'ignored':
        return expect(seen).toMatchObject({ status: 202, there: false });
      default:
        expect(seen).toMatchObject({ status: expect.any(Number), there: false });
        expect(answer.status >= 400 && answer.status < 500 ? '4xx' : JSON.stringify(seen)).toBe('4xx');
        return expect(answer.body).not.toBe('');
    }
  });
});
