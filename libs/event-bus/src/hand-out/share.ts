/**
 * The partitions (0 to `partitions` - 1) that `member` should own. Every member works it out from the same list, in the same order, so
 * that together they own each partition once; shares differ by one at most. While lists differ, locks decide.
 */
export function shareOf(member: string, members: readonly string[], partitions: number): readonly number[] {
  const place = members.indexOf(member);
  if (place < 0) return [];
  const share: number[] = [];
  for (let partition = place; partition < partitions; partition += members.length) share.push(partition);
  return share;
}
