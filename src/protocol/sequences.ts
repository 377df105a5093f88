/** A statement `x = await f(...)` or `await f(...)` in a file. Lines are 1-based, and both included. */
export interface AwaitedCall {
  from: number;
  to: number;
  /** The call as it stands in the source, shortened. */
  call: string;
}

/** Rows of at least two statements that need nothing of one another: the linter finds them, a run tells what they took. */
export type Sequences = AwaitedCall[][];
