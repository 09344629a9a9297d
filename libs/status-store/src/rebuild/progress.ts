/** What a rebuild or a check is at. */
export interface Progress {
  /**
   * - `waiting`: for others to let go of the tables.
   * - `folding`: the log, a range of actors after the other.
   * - `indexing`: the side tables.
   * - `catching up`: folding again what changed meanwhile.
   * - `swapping`: the side tables become the live ones.
   */
  readonly stage: 'waiting' | 'folding' | 'indexing' | 'catching up' | 'swapping';
  /** Of `folding`: events; of `indexing`: statements; of `catching up`: actors; else tries so far. */
  readonly done: number;
  /** Null: nobody knows. Of events an estimate. */
  readonly total: number | null;
}

export type OnProgress = (progress: Progress) => void;
