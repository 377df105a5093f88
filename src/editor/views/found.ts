import { sourceReader } from "../../cli/source";
import type { Finding } from "../../protocol/report";
import { findings } from "../../trace";
import { Disposables } from "../disposables";
import { Emitter } from "../emitter";
import type { OpenTrace } from "../runs/openTrace";
import type { Traces } from "../runs/traces";
import { Throttle } from "./throttle";

/** The findings are computed anew each time, from the whole trace: seldom enough not to be felt. Milliseconds. */
const REFRESH_MS = 1000;

/** What is wrong in the current trace, kept up while it grows: what all views of it share. */
export class Found {
  private readonly disposables = new Disposables();
  private readonly changed = new Emitter<void>();
  readonly onDidChange = this.changed.event;
  /** The most serious first, as they were last computed. */
  all: readonly Finding[] = [];
  /** The trace they are of. */
  of: OpenTrace | null = null;

  constructor(private readonly traces: Traces) {
    const refresh = this.disposables.push(new Throttle(REFRESH_MS, () => this.compute()));
    this.disposables.push(traces.onDidUpdate(() => refresh.poke()));
    this.disposables.push(traces.onDidChangeCurrent(() => refresh.poke()));
  }

  private compute(): void {
    const { current } = this.traces;
    this.of = current;
    // What takes the source is told at the end: reading it is not for a program that runs.
    const options = current?.live ? {} : { source: sourceReader() };
    this.all = current === null ? [] : findings(current.trace, options);
    this.changed.fire();
  }

  dispose(): void {
    this.disposables.dispose();
    this.changed.dispose();
  }
}
