import { setTimeout as delay } from "node:timers/promises";
import { type Answer, ask, type Dormant, dormantPrograms } from "./control";
import { DEFAULT_BLOCK_MS, type TraceSettings } from "./environment";
import { alive } from "./leftovers";
import { Listener, type TracedProgram } from "./listener";
import { pythonProcesses } from "./processes";
import { makeDormant } from "./remote";

/** How long a program that says it is attached to may take to be heard of. */
const MEETING_MS = 10_000;

/** How long a program may take to be gone after its connection is, and how often that is looked at. */
const ENDING_MS = 1_000;
const ENDING_STEP_MS = 10;

export interface AttachOptions extends TraceSettings {
  pid: number;
  /** Takes the trace as it grows: first its header, then runs of whole frames. Must not throw. */
  onFrames(bytes: Uint8Array): void;
  onProblem(message: string): void;
  onProgram?(program: TracedProgram, listener: Listener): void;
}

/** A recording of a program that was running already. */
export class Attachment {
  private detaching: Promise<void> | null = null;
  private over!: () => void;
  /** Resolves once nothing more will come: detached, or the program has ended. */
  readonly finished = new Promise<void>((resolve) => {
    this.over = resolve;
  });

  private constructor(
    readonly listener: Listener,
    private readonly dormant: Dormant,
    /** What was found in the program. */
    readonly found: Answer,
  ) {}

  /** Switches recording on. Throws an error for the user that says why it cannot be, and what to do. */
  static async open(options: AttachOptions): Promise<Attachment> {
    const dormant = await entrance(options.pid);
    let gone = (_: TracedProgram) => {};
    let met = () => {};
    const meeting = new Promise<void>((resolve) => {
      met = resolve;
    });
    const listener: Listener = await Listener.open({
      onFrames: options.onFrames,
      onProblem: options.onProblem,
      onProgram: (program) => {
        options.onProgram?.(program, listener);
        if (program.hello.pid === options.pid) met();
      },
      onGone: (program) => gone(program),
    });
    try {
      const found = await ask(dormant, {
        command: "attach",
        channel: listener.channel,
        channelToken: listener.token,
        detail: options.detail ?? "full",
        blockMs: String(options.blockMs ?? DEFAULT_BLOCK_MS),
      });
      if (found.error) throw new Error(`process ${options.pid} cannot be attached to: ${found.error}`);
      const attachment = new Attachment(listener, dormant, found);
      gone = (program) => void attachment.gone(program);
      // It says so before it answers, but on another connection, which may be read later.
      await Promise.race([meeting, delay(MEETING_MS, undefined, { ref: false })]);
      const main = listener.programs.find(({ hello }) => hello.pid === options.pid);
      if (main === undefined) throw new Error(`process ${options.pid} ended while it was being attached to`);
      return attachment;
    } catch (error) {
      await listener.close();
      throw error;
    }
  }

  /** Switches recording off; the program goes on as it was before. All it had sent has been passed on then. */
  detach(): Promise<void> {
    this.detaching ??= this.leave();
    return this.detaching;
  }

  private async leave(): Promise<void> {
    // A program that has ended, or is stopped, cannot be asked; closing the channel switches recording off too.
    await ask(this.dormant, { command: "detach" }).catch(() => {});
    await this.listener.drained(this.dormant.pid);
    await this.listener.close();
    this.over();
  }

  private async gone(program: TracedProgram): Promise<void> {
    const main = program.hello.pid === this.dormant.pid;
    if (!main) this.listener.end(program, { exitCode: null, signal: null });
    if (!main || this.detaching !== null) return;
    this.detaching = this.ending(program);
    await this.detaching;
    this.over();
  }

  /** Its connection is closed: it ends, its files are closed a moment before it is gone; or it goes on unrecorded. */
  private async ending(program: TracedProgram): Promise<void> {
    const deadline = Date.now() + ENDING_MS;
    while (alive(program.hello.pid) && Date.now() < deadline) await delay(ENDING_STEP_MS);
    if (!alive(program.hello.pid)) this.listener.end(program, { exitCode: null, signal: null });
    await this.listener.close();
  }
}

/** The way into a process. Throws an error that says what to do when there is none. */
async function entrance(pid: number): Promise<Dormant> {
  const target = pythonProcesses().find((each) => each.pid === pid);
  if (target === undefined) {
    throw new Error(
      alive(pid)
        ? `process ${pid} is no Python program: loopscope attach lists those that are`
        : `there is no process ${pid}: loopscope attach lists the Python programs that run`,
    );
  }
  if (target.how === null) throw new Error(`process ${pid} cannot be attached to: ${target.why}`);
  return dormantPrograms().find((each) => each.pid === pid) ?? (await makeDormant(target));
}
