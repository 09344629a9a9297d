export interface PlannedFault {
  readonly act: string;
  readonly target: string;
  readonly which: number;
  readonly downMs: number;
  readonly overlaps: boolean;
  readonly settles: boolean;
  readonly pauseMs: number;
}
export declare const KINDS: readonly string[];
export declare function planOf(options: { readonly seed: number; readonly count: number; readonly kinds?: readonly string[] }): readonly PlannedFault[];
