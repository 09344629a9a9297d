/**
 * For `startAt`: where a group goes on whose database says it has applied everything before `applied` (null: nothing). A database
 * restored from a backup is behind what the group committed, and then it counts.
 * @returns the offset to start at, or null to go on as committed.
 */
export function resumeAt(applied: bigint | null, committed: bigint | null): bigint | null {
  if (committed === null) return null;
  return applied === null || applied < committed ? (applied ?? 0n) : null;
}
