/**
 * The model of a run: bytes of docs/trace-format.md in, tasks, loops, objects and findings out. Pure: no
 * Node, no editor; the same for a live stream and for a file.
 */
export {
  type LoopState,
  loopState,
  objectState,
  openStep,
  resumed,
  type State,
  type TaskState,
  taskState,
} from "./queries";
export { TraceFormatError } from "./read/frames";
export { type Inflate, MAX_INFLATED_BYTES } from "./read/inflate";
export type { Incident, Loop, Stall, TaskException } from "./store/loops";
export type { Program } from "./store/program";
export { StepFlag } from "./store/steps";
export { Outcomes, TaskFlag } from "./store/tasks";
export { Trace, type TraceOptions } from "./trace";
