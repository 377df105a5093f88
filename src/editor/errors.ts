/**
 * Every error a user can meet in the editor, one factory each: what happened, and what to do about it.
 * `actions` become buttons of the message.
 */
export class UserError extends Error {
  constructor(
    message: string,
    readonly actions: readonly ErrorAction[] = [],
  ) {
    super(message);
  }
}

export type ErrorAction = "selectInterpreter" | "openSettings" | "showOutput" | "manageTrust";

export const errors = {
  noFile: () =>
    new UserError("There is no file to run. Open a Python file, then use Loopscope: Run with Trace again."),

  notPython: (name: string, language: string) =>
    new UserError(
      `${name} is not a Python file (its language is ${language}). Open a .py file, or set this file's language to Python in the status bar, and run again.`,
    ),

  notSaved: (name: string) =>
    new UserError(`${name} could not be saved, so it was not run. Save it, then run again.`),

  untitled: () => new UserError("This file has no place on disk yet. Save it as a .py file, then run again."),

  notLocal: (scheme: string) =>
    new UserError(
      `A file of a “${scheme}” file system cannot be run by Python. Copy it to a folder on disk and run it there.`,
    ),

  noSuchFile: (file: string) =>
    new UserError(
      `${file} does not exist. It may have been moved or deleted since; open it from its new place.`,
    ),

  noInterpreter: (tried: readonly string[]) =>
    new UserError(
      `No Python interpreter was found (tried ${tried.join(", ")}). Install Python 3.10 or newer, or choose one with “Python: Select Interpreter” or the setting loopscope.pythonPath.`,
      ["selectInterpreter", "openSettings"],
    ),

  /** `why` is what the check found; its advice for the command line is replaced by ours. */
  interpreterUnusable: (why: string, source: string) =>
    new UserError(
      `${withoutOptions(why)} It was named by ${source}. Choose another with “Python: Select Interpreter” or the setting loopscope.pythonPath.`,
      ["selectInterpreter", "openSettings"],
    ),

  untrusted: () =>
    new UserError(
      "This workspace is not trusted, so its programs are not run. Trust it to trace them; linting works without.",
      ["manageTrust"],
    ),

  notStarted: (why: string) => new UserError(`The program was not started: ${why}`, ["showOutput"]),

  noLoop: (name: string, exitCode: number | null) =>
    new UserError(
      exitCode === 0
        ? `${name} ran to its end without an asyncio event loop, so there is nothing to show.`
        : `${name} ended ${exitCode === null ? "" : `with exit code ${exitCode} `}before its event loop began. The terminal shows why; a syntax error or a failing import is the usual reason.`,
    ),

  notATrace: (name: string, why: string) =>
    new UserError(
      `${name} cannot be opened: ${why} A trace is recorded by Loopscope: Run with Trace or by \`loopscope run --trace FILE\`.`,
    ),

  nothingToSave: () =>
    new UserError("There is no trace to save. Run a program with Loopscope: Run with Trace first."),

  nothingToCompare: () =>
    new UserError(
      "There is no trace to compare with. Run a program or open a trace first, then compare it with another.",
    ),

  sourceMissing: (file: string) =>
    new UserError(
      `${file} does not exist on this machine. The trace was recorded elsewhere, or the file has been moved since.`,
    ),
};

/** Drops the sentences that advise the command line's option, and begins with a capital. */
function withoutOptions(text: string): string {
  const kept = text
    .split(/(?<=\.)\s+/)
    .filter((sentence) => !sentence.includes(" --python"))
    .join(" ");
  return kept.charAt(0).toUpperCase() + kept.slice(1);
}
