import type { Finding } from "../../protocol/report";
import { type FindingOptions, findings } from "../../trace";
import { Disposables } from "../disposables";
import { Emitter } from "../emitter";
import type { OpenTrace } from "../runs/openTrace";
import type { Traces } from "../runs/traces";
import { placeText } from "./taskRows";
import { Throttle } from "./throttle";

/** The findings are computed anew each time, from the whole trace: seldom enough not to be felt. Milliseconds. */
const REFRESH_MS = 1000;

/** Tells a finding from any other of the same trace, and from itself once it says something else. */
export const findingKey = ({ rule, task, from, at, message }: Finding): string =>
  [rule, task, from, placeText(at), message].join("|");

/** What is wrong in the current trace, kept up while it grows: what all views of it share. */
export class Found {
  private readonly disposables = new Disposables();
  private readonly changed = new Emitter<void>();
  readonly onDidChange = this.changed.event;
  /** The most serious first, as they were last computed. */
  all: readonly Finding[] = [];
  /** The trace they are of. */
  of: OpenTrace | null = null;
  /** What was told last, and whether more may come. */
  private told = "";

  constructor(private readonly traces: Traces) {
    const refresh = this.disposables.push(new Throttle(REFRESH_MS, () => this.compute()));
    this.disposables.push(traces.onDidUpdate(() => refresh.poke()));
    this.disposables.push(traces.onDidChangeCurrent(() => refresh.poke()));
  }

  private compute(): void {
    const { current } = this.traces;
    // What takes the source is told at the end: reading it is not for a program that runs.
    if (current === null || current.live) this.tell(current, {});
    else void import("../../cli/reading").then(({ newReading }) => this.tell(current, newReading()));
  }

  private tell(trace: OpenTrace | null, options: FindingOptions): void {
    // Another may have been opened while the linter was loaded.
    if (trace !== this.traces.current) return;
    const all = trace === null ? [] : findings(trace.trace, options);
    const told = [trace?.live, ...all.map(findingKey)].join("\n");
    // A tree that is drawn anew takes the rows from under the mouse.
    if (trace === this.of && told === this.told) return;
    this.of = trace;
    this.all = all;
    this.told = told;
    this.changed.fire();
  }

  dispose(): void {
    this.disposables.dispose();
    this.changed.dispose();
  }
}
