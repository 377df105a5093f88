/** Starting a program with tracing, and receiving, keeping and reading what it sends. */
export {
  DEFAULT_BLOCK_MS,
  runtimeFolder,
  type TraceSettings,
  tracedEnvironment,
} from "./environment";
export { sameToken } from "./hello";
export { Listener, type ListenerOptions, type TracedProgram } from "./listener";
export { checkPython, findPython, type Python, PythonError } from "./python";
export { announce, type Session, sessionFolder, sessions } from "./registry";
export { type Exit, exitStatus, type Program, Run, type RunOptions } from "./run";
export { readTraceFile, TraceFile } from "./traceFile";
