import fc from 'fast-check';
import { sharesOf } from './assigner.ts';

const PARTITIONS: Readonly<Record<string, number>> = { a: 24, b: 12, c: 1 };
const partitionsOf = (topic: string): number => PARTITIONS[topic]!;

test('members that want different topics each get theirs', () => {
  const shares = sharesOf([{ memberId: 'x', topics: ['a'] }, { memberId: 'y', topics: ['b', 'c'] }], partitionsOf);
  expect(Object.keys(shares.get('x')!)).toEqual(['a']);
  expect(shares.get('y')!['b']).toHaveLength(12);
  expect(shares.get('y')!['c']).toEqual([0]);
});

test('every partition of a topic goes to exactly one of its subscribers, evenly, whatever order the members come in', () => {
  const members = fc.uniqueArray(fc.record({ memberId: fc.uuid(), topics: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }) }), {
    minLength: 1,
    maxLength: 30,
    selector: ({ memberId }) => memberId,
  });
  fc.assert(
    fc.property(members, (group) => {
      const shares = sharesOf(group, partitionsOf);
      expect(sharesOf(group.toReversed(), partitionsOf)).toEqual(shares);
      for (const topic of new Set(group.flatMap(({ topics }) => topics))) {
        const subscribers = group.filter(({ topics }) => topics.includes(topic)).map(({ memberId }) => shares.get(memberId)![topic]!);
        expect(subscribers.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: partitionsOf(topic) }, (_, i) => i));
        const sizes = subscribers.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }
      for (const { memberId, topics } of group) expect(Object.keys(shares.get(memberId)!).sort()).toEqual(topics.toSorted());
    }),
  );
});

test('two topics of one partition do not both go to the same of two members', () => {
  const shares = sharesOf(['x', 'y'].map((memberId) => ({ memberId, topics: ['one', 'two'] })), () => 1);
  expect([...shares.values()].map((share) => Object.values(share).flat().length)).toEqual([1, 1]);
});
