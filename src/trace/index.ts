/**
 * The model of a run: bytes of docs/trace-format.md in, tasks, loops, objects and findings out. Pure: no
 * Node, no editor; the same for a live stream and for a file.
 */
export { chromeTrace } from "./chrome";
export { cancelledBy, cancellerName } from "./describe/cancellation";
export { coroutineName, createdAt, createdBy } from "./describe/creation";
export { type CriticalPath, criticalPath } from "./describe/criticalPath";
export { isPackage, libraryOf } from "./describe/library";
export { idleSeconds, loopInfo, loopName } from "./describe/loops";
export { isWorthTelling, mainOf, pathInfo, programPath } from "./describe/pathReport";
export { programInfo, starterOf, trust } from "./describe/program";
export { type StallPlace, stallPlace } from "./describe/stalls";
export { digits, oneLine } from "./describe/text";
export { startedAt, type TaskTimes, taskTimes } from "./describe/times";
export { awaitPlace, awaitPlaceId, type Wait, waitOf, waitsOn, wokenBy } from "./describe/waits";
export { type FindingOptions, findings } from "./findings";
export { bySeriousness } from "./findings/finding";
export { bounded, type Forgotten, forget } from "./forget";
export {
  childrenOf,
  type LoopState,
  lastSuspension,
  loopState,
  objectState,
  openStep,
  resumed,
  type State,
  type TaskState,
  taskState,
  waitersByObject,
} from "./queries";
export { TraceFormatError } from "./read/frames";
export { type Inflate, MAX_INFLATED_BYTES } from "./read/inflate";
export { criticalPathInfo, report, reportJson, taskInfo } from "./report";
export type { Incident, Loop, Stall, TaskException } from "./store/loops";
export type { Program } from "./store/program";
export { StepFlag } from "./store/steps";
export { Outcomes, TaskFlag } from "./store/tasks";
export {
  formatTimeline,
  TIMELINE_EVENTS,
  Timeline,
  type TimelineEvent,
  type TimelineRow,
  timeline,
} from "./timeline";
export { Trace, type TraceOptions } from "./trace";
