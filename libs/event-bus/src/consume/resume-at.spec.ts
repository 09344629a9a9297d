import { resumeAt } from './resume-at.ts';

test.each([
  ['a new group', null, null, null],
  ['a database that is where the group is', 7n, 7n, null],
  ['a crash between the transaction and the commit of the offset', 9n, 7n, null],
  ['a database restored from a backup', 3n, 7n, 3n],
  ['a database restored from before the first message', null, 7n, 0n],
])('%s', (_what, applied, committed, start) => {
  expect(resumeAt(applied, committed)).toBe(start);
});
