import { describe as tell, duration } from './progress-line.ts';

test('the log is read with a share and the time that is left', () => {
  expect(tell({ stage: 'folding', done: 0, total: 2_000_000 }, 0)).toBe('reading the log: events 0 of about 2,000,000 (0%)');
  expect(tell({ stage: 'folding', done: 500_000, total: 2_000_000 }, 100)).toBe('reading the log: events 500,000 of about 2,000,000 (25%), 5 min 0 s left');
  expect(tell({ stage: 'folding', done: 2_000_000, total: 2_000_000 }, 400)).toBe('reading the log: events 2,000,000 of about 2,000,000 (100%)');
  expect(tell({ stage: 'folding', done: 0, total: 0 }, 0)).toBe('reading the log: events 0');
});

test('the other stages tell how far they are', () => {
  expect(tell({ stage: 'indexing', done: 1, total: 6 }, 1)).toBe('making indexes 1 of 6 (16%)');
  expect(tell({ stage: 'catching up', done: 1000, total: null }, 1)).toBe('catching up with what changed meanwhile: actors 1,000');
  expect(tell({ stage: 'waiting', done: 3, total: null }, 9)).toBe('waiting: the tables are in use by others; tries so far 3');
  expect(tell({ stage: 'swapping', done: 0, total: null }, 1)).toBe('swapping the tables');
});

test.each([[0.2, '1 s'], [59, '59 s'], [60, '1 min 0 s'], [3599.5, '1 h 0 min'], [3900, '1 h 5 min']])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
