import type { ReceivedMessage } from '../port.ts';

/** Where a reader stands in a partition. */
export interface Position {
  readonly partitionId: number;
  /** Offset of the next message it wants. */
  readonly offset: bigint;
}

/** What a partition has for a reader. */
export interface Read {
  readonly partitionId: number;
  readonly messages: readonly ReceivedMessage[];
  /**
   * The partition's next offset when this was read. Without messages, the reader goes on from here: what was in between is dropped, or the
   * database was restored from a backup that ends before the position.
   */
  readonly end: bigint;
}

/** Where the messages come from: an engine's own log, or what it has taken in. */
export interface Source {
  /** @param room partitions to read from at most; those given first are preferred. */
  read(positions: readonly Position[], room: number, maxBatch: number): Promise<readonly Read[]>;
}
