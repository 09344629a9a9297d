import { shownPublished, stateOf } from './visibility.ts';

describe('the published that is shown', () => {
  const receivedAt = '2025-01-01T12:00:00.000Z';
  test.each([
    ['a stranger ahead of us is shown when we received it', '2025-01-01T12:00:01Z', receivedAt],
    ['a stranger behind us is shown as sent, in milliseconds of UTC', '2025-01-01T12:59:59.123456+01:00', '2025-01-01T11:59:59.123Z'],
  ])('%s', (_, published, shown) => {
    expect(shownPublished({ published, receivedAt, origin: 'remote' })).toBe(shown);
  });
  test('ours is shown as we sent it, whatever the receiving machine thought', () => {
    const published = '2025-01-01T12:00:05.001Z';
    expect(shownPublished({ published, receivedAt, origin: 'local' })).toBe(published);
  });
});

test('a removed status is removed, an ended one expired, also once replaced', () => {
  const now = Date.parse('2025-01-01T12:00:00Z');
  const endTime = '2025-01-01T12:00:00Z';
  expect(stateOf({ removed: false, shows: true, endTime: null }, now)).toBe('current');
  expect(stateOf({ removed: false, shows: false, endTime: null }, now)).toBe('past');
  expect(stateOf({ removed: false, shows: true, endTime }, now - 1)).toBe('current');
  expect(stateOf({ removed: false, shows: true, endTime }, now)).toBe('expired');
  expect(stateOf({ removed: false, shows: false, endTime }, now)).toBe('expired');
  expect(stateOf({ removed: true, shows: false, endTime }, now)).toBe('removed');
});
