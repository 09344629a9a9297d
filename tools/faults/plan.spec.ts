import { KINDS, planOf, type PlannedFault } from './plan.mjs';

const kindOf = ({ act, target }: PlannedFault): string => `${act}:${target}`;
const seeds = Array.from({ length: 50 }, (_, seed) => seed);

describe('the plan of a fault run', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(planOf({ seed: 7, count: 40 })).toEqual(planOf({ seed: 7, count: 40 }));
    expect(planOf({ seed: 8, count: 40 })).not.toEqual(planOf({ seed: 7, count: 40 }));
  });

  test.each(seeds)('seed %d: 40 faults are of every kind, twice at least', (seed) => {
    const plan = planOf({ seed, count: 40 });
    expect(plan).toHaveLength(40);
    for (const kind of KINDS) expect(plan.filter((fault) => kindOf(fault) === kind).length).toBeGreaterThanOrEqual(2);
  });

  test.each(seeds)('seed %d: no fault right after one of its kind, no restore among the first five', (seed) => {
    const kinds = planOf({ seed, count: 60 }).map(kindOf);
    expect(kinds.filter((kind, at) => kind === kinds[at - 1])).toEqual([]);
    expect(kinds.slice(0, 5)).not.toContain('restore:postgres');
  });

  test('one kind alone can be asked for', () => {
    expect(new Set(planOf({ seed: 1, count: 6, kinds: ['kill:kafka'] }).map(kindOf))).toEqual(new Set(['kill:kafka']));
  });

  test('some faults overlap, a restore never does', () => {
    const faults = seeds.flatMap((seed) => planOf({ seed, count: 40 }));
    const share = faults.filter(({ overlaps }) => overlaps).length / faults.length;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.35);
    expect(faults.filter(({ act, overlaps }) => act === 'restore' && overlaps)).toEqual([]);
  });
});
