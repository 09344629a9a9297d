/** Milliseconds since the epoch. */
type Instant = number;

interface Request {
  /** First and last attempt. */
  readonly first: Instant;
  readonly last: Instant;
  /** When a success was answered; null: never, so that it may be there or not. */
  readonly acknowledgedAt: Instant | null;
  /** The last answer, for people. */
  readonly answer: string;
  /** Answered with 4xx, although there was nothing wrong with it. */
  readonly refused: boolean;
}

/** Somebody set a status. Every text of a run is said once only. */
export interface ToldPublish extends Request {
  readonly kind: 'publish';
  readonly origin: 'local' | 'remote';
  readonly actor: string;
  /** Null for people here who were never told. */
  readonly statusId: string | null;
  readonly published: string | null;
  readonly text: string;
  readonly endTime: string | null;
  /** Whether the actor keeps a history. */
  readonly keep: boolean;
}

export interface ToldRetraction extends Request {
  readonly kind: 'remove' | 'delete';
  readonly origin: 'local' | 'remote';
  readonly actor: string;
  readonly statusId: string;
}

/** Somebody elsewhere followed a local actor, or took that back; a pair does one thing after the other. */
export interface ToldFollow extends Request {
  readonly kind: 'follow' | 'undo';
  /** The local one. */
  readonly actor: string;
  readonly follower: string;
  readonly followId: string;
  readonly inbox: string;
  /** Where what is for all followers goes. */
  readonly audience: string;
  /** Follows from before the load until the end. */
  readonly steady: boolean;
}

export type Told = ToldPublish | ToldRetraction | ToldFollow;

/** A row of the log. */
export interface LogRow {
  readonly eventId: string;
  readonly actor: string;
  readonly origin: 'local' | 'remote';
  readonly kind: 'publish' | 'remove' | 'delete';
  readonly statusId: string;
  readonly published: string | null;
  readonly endTime: string | null;
  readonly hasText: boolean;
}

/** A POST of ours that another server kept. */
export interface Received {
  readonly inbox: string;
  readonly at: Instant;
  readonly activityId: string;
  readonly type: string;
  readonly actor: string;
  readonly objectId: string;
  readonly published: string | null;
  readonly text: string | null;
  readonly endTime: string | null;
}

/** A delivery that was given up before it was made, because what it would tell was no longer so. */
export interface Cancelled {
  readonly eventId: string;
  readonly actor: string;
  readonly inbox: string;
  readonly reason: string;
}

/** A delivery job that came to its end, whichever: the database itself has noted it. */
export type Ended = Omit<Cancelled, 'reason'>;

export interface Streamed {
  readonly connection: number;
  readonly actor: string;
  readonly event: string;
  readonly statusId: string;
  readonly text: string;
  readonly at: Instant;
}

export interface Fault {
  readonly what: string;
  readonly at: Instant;
  readonly until: Instant | null;
}

export interface Restore {
  /** When services began to stop, and when they were asked to start. */
  readonly from: Instant;
  readonly until: Instant;
}

export interface RunRecord {
  readonly told: readonly Told[];
  readonly log: readonly LogRow[];
  /** What the bus was given: the only place that has every text. */
  readonly submitted: readonly { readonly eventId: string; readonly text: string | null }[];
  /** The table of current statuses: winner of each actor, and what cleared it. */
  readonly current: readonly { readonly actor: string; readonly statusId: string | null; readonly published: string | null; readonly cleared: string | null }[];
  /** The table of histories, newest first for each actor. */
  readonly history: readonly { readonly actor: string; readonly text: string }[];
  /** What readers get over HTTP; `text` null: nothing shows. */
  readonly shown: readonly { readonly actor: string; readonly text: string | null }[];
  readonly historyShown: readonly { readonly actor: string; readonly text: string }[];
  readonly followers: readonly { readonly actor: string; readonly follower: string; readonly followId: string }[];
  readonly received: readonly Received[];
  readonly cancelled: readonly Cancelled[];
  readonly ended: readonly Ended[];
  readonly streamed: readonly Streamed[];
  /** Of messages that were set aside, by topic. */
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly deadJobs: number;
  /** What had not come to rest in time. */
  readonly unfinished: readonly string[];
  readonly faults: readonly Fault[];
  readonly restores: readonly Restore[];
  /** When the tables and the API were read. */
  readonly checkedAt: Instant;
}

export interface Finding {
  readonly kind: 'lost' | 'twice' | 'wrong';
  readonly what: string;
  readonly actor?: string;
  readonly statusId?: string | null;
  /** What the sender was told, and when. */
  readonly told?: Told;
  readonly at?: Instant;
}

export interface Verdict {
  readonly acknowledged: number;
  readonly findings: readonly Finding[];
  /** Counted, and no fault of the system: see where they are found. */
  readonly notes: Readonly<Record<string, number>>;
}

/** Compares what senders were told with what is there. */
export declare function check(record: RunRecord): Verdict;
