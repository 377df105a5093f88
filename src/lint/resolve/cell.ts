/**
 * A value computed on demand that knows what it was computed from: when one of those changes it forgets its value, and
 * so does all that was computed from it. What reads cells outside of a computation depends on nothing.
 */
export class Cell<T> {
  private value: T | undefined;
  private state: "empty" | "computing" | "ready" = "empty";
  /** One by itself: most cells are read by few, and there are many. */
  private dependents: Set<Cell<unknown>> | Cell<unknown> | null = null;
  private dependencies: Cell<unknown>[] | null = null;

  /** `onStale` is called when a value that was there is forgotten. */
  constructor(private readonly onStale?: () => void) {}

  /** The value, computed if need be; `whenCyclic` if it is asked for while it is being computed. */
  read(compute: () => T, whenCyclic: T): T {
    this.track();
    if (this.state === "ready") return this.value as T;
    if (this.state === "computing" || running.length > maxNesting) {
      // All that is being computed since then rests on a guess and must not be kept.
      for (let i = running.length - 1; i > 0 && running[i] !== this; i--) guesses.add(running[i]);
      return whenCyclic;
    }
    this.state = "computing";
    running.push(this as Cell<unknown>);
    try {
      this.value = compute();
    } finally {
      running.pop();
      this.state = "empty";
    }
    const kept = this.value as T;
    if (guesses.delete(this as Cell<unknown>)) this.forgetValue();
    else this.state = "ready";
    return kept;
  }

  /** Makes what is being computed depend on this cell, without reading it (an input). */
  track(): void {
    const reader = running[running.length - 1];
    if (!reader || reader === this || reader === this.dependents) return;
    if (this.dependents === null) this.dependents = reader;
    else if (this.dependents instanceof Cell) this.dependents = new Set([this.dependents, reader]);
    else if (this.dependents.has(reader)) return;
    else this.dependents.add(reader);
    if (reader.dependencies) reader.dependencies.push(this as Cell<unknown>);
    else reader.dependencies = [this as Cell<unknown>];
  }

  /** Something this was computed from, or this input itself, is no longer what it was. */
  invalidate(): void {
    const stack: Cell<unknown>[] = [this as Cell<unknown>];
    while (stack.length) {
      const cell = stack.pop()!;
      const stale = cell.dependents;
      cell.dependents = null;
      const had = cell.state === "ready";
      cell.detach();
      if (had) {
        cell.forgetValue();
        cell.onStale?.();
      }
      if (stale instanceof Cell) stack.push(stale);
      else for (const dependent of stale ?? []) stack.push(dependent);
    }
  }

  /** Takes the cell out of the graph. */
  detach(): void {
    for (const dependency of this.dependencies ?? []) dependency.forgetDependent(this as Cell<unknown>);
    this.dependencies = null;
  }

  private forgetDependent(cell: Cell<unknown>): void {
    if (this.dependents === cell) this.dependents = null;
    else if (this.dependents instanceof Set) this.dependents.delete(cell);
  }

  private forgetValue(): void {
    this.value = undefined;
    this.state = "empty";
  }
}

/** Cells computed within one another; code that goes further is left unknown, so that recursion stays bounded. */
const maxNesting = 40;

/** What is being computed rests on a guess (something was too deep to follow), so it must not be kept. */
export function markGuess(): void {
  for (let i = 1; i < running.length; i++) guesses.add(running[i]);
}

/** The cell being computed now, if any. */
export function currentCell(): Cell<unknown> | undefined {
  return running[running.length - 1];
}

const running: Cell<unknown>[] = [];
const guesses = new Set<Cell<unknown>>();

/** Runs without making anything depend on what it reads. */
export function untracked<T>(run: () => T): T {
  const saved = running.splice(0);
  try {
    return run();
  } finally {
    running.push(...saved);
  }
}
