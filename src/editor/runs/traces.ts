import { Emitter } from "../emitter";
import type { OpenTrace } from "./openTrace";

/** Which trace the trees and the status bar are about: the one whose view was looked at last. */
export class Traces {
  private readonly changedCurrent = new Emitter<OpenTrace | null>();
  private readonly updated = new Emitter<OpenTrace>();
  readonly onDidChangeCurrent = this.changedCurrent.event;
  /** The current trace has grown. */
  readonly onDidUpdate = this.updated.event;
  private subscription: { dispose(): unknown } | null = null;
  private shown: OpenTrace | null = null;

  get current(): OpenTrace | null {
    return this.shown;
  }

  show(trace: OpenTrace): void {
    if (trace === this.shown) return;
    this.subscription?.dispose();
    this.shown = trace;
    this.subscription = trace.onDidUpdate(() => this.updated.fire(trace));
    this.changedCurrent.fire(trace);
  }

  /** The trace is no longer open anywhere. */
  forget(trace: OpenTrace): void {
    if (trace !== this.shown) return;
    this.subscription?.dispose();
    this.subscription = null;
    this.shown = null;
    this.changedCurrent.fire(null);
  }

  dispose(): void {
    this.subscription?.dispose();
    this.changedCurrent.dispose();
    this.updated.dispose();
  }
}
