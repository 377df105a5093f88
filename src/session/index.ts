/** Starting a program with tracing, and receiving, keeping and reading what it sends. */
export { Attachment, type AttachOptions } from "./attach";
export { controlFolder, dormantOf, dormantPrograms } from "./control";
export { handedOn } from "./descriptors";
export {
  DEFAULT_BLOCK_MS,
  runtimeFolder,
  type TraceSettings,
  tracedEnvironment,
} from "./environment";
export { sameToken } from "./hello";
export { Listener, type ListenerOptions, type TracedProgram } from "./listener";
export { NOT_ON_WINDOWS, type PythonProcess, pythonProcesses, readableCommand } from "./processes";
export { checkPython, findPython, type Python, PythonError } from "./python";
export { announce, type Session, sessionFolder, sessions } from "./registry";
export { type Exit, exitStatus, type Program, Run, type RunOptions, runDormant } from "./run";
export { readTraceFile, TraceFile } from "./traceFile";
