import { unconfirmed } from './produce-answers.ts';
import type { PlacedMessage, Round } from './rounds.ts';

const message = (partition: number, value: string): PlacedMessage => ({ key: 'k', value, headers: {}, partition });
const answer = (topicName: string, partition: number, errorCode: number): Parameters<typeof unconfirmed>[1][number] => ({ topicName, partition, errorCode });

describe('What is left of a produce request', () => {
  const round: Round = new Map([
    ['a', [message(0, '1'), message(1, '2'), message(0, '3')]],
    ['b', [message(0, '4')]],
  ]);
  const [NOT_LEADER, TOO_LARGE, NO_ANSWER] = [6, 10, 13];

  test('nothing, when each partition was taken', () => {
    const left = unconfirmed(round, [answer('a', 0, 0), answer('a', 1, 0), answer('b', 0, 0)]);
    expect(left).toEqual({ round: new Map(), reason: null, retriable: true });
  });

  test('exactly what was for the partitions that were refused, in its order', () => {
    const left = unconfirmed(round, [answer('a', 0, NOT_LEADER), answer('a', 1, 0), answer('b', 0, 0)]);
    expect(left.round).toEqual(new Map([['a', [message(0, '1'), message(0, '3')]]]));
    expect(left.reason?.message).toMatch(/partition 0 of a/);
    expect(left.retriable).toBe(true);
  });

  test('what was not answered, or is for a partition that nobody knows, may be sent again; a refusal for good may not', () => {
    expect(unconfirmed(round, [answer('a', 0, 0), answer('a', 1, NO_ANSWER)])).toMatchObject({ round: new Map([['a', [message(1, '2')]], ['b', [message(0, '4')]]]), retriable: true });
    expect(unconfirmed(round, [answer('a', 0, TOO_LARGE), answer('a', 1, NOT_LEADER), answer('b', 0, 0)]).retriable).toBe(false);
  });
});
