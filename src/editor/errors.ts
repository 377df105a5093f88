import { l10n } from "./l10n";

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
    new UserError(
      l10n.t(
        "There is no file to run. Open a Python file, then use Loopscope: Run with Trace again. A module such as uvicorn is run by Loopscope: Trace Command Line….",
      ),
    ),

  notPython: (name: string, language: string) =>
    new UserError(
      l10n.t(
        "{0} is not a Python file (its language is {1}). Open a .py file, or set this file's language to Python in the status bar, and run again.",
        name,
        language,
      ),
    ),

  notSaved: (name: string) =>
    new UserError(l10n.t("{0} could not be saved, so it was not run. Save it, then run again.", name)),

  untitled: () =>
    new UserError(l10n.t("This file has no place on disk yet. Save it as a .py file, then run again.")),

  notLocal: (scheme: string) =>
    new UserError(
      l10n.t(
        "A file of a “{0}” file system cannot be run by Python. Copy it to a folder on disk and run it there.",
        scheme,
      ),
    ),

  noSuchFile: (file: string) =>
    new UserError(
      l10n.t(
        "{0} does not exist. It may have been moved or deleted since; open it from its new place.",
        file,
      ),
    ),

  noProgram: (line: string) =>
    new UserError(
      l10n.t(
        "“{0}” names no program. Give a module (uvicorn app:app) or a Python file (app.py), with its arguments.",
        line,
      ),
    ),

  stillStarting: () =>
    new UserError(l10n.t("Another program is just being started. Run again when it has begun.")),

  noLaunchTarget: () =>
    new UserError(
      l10n.t(
        "The launch configuration names no program. Give it either “program”, a Python file, or “module”, such as uvicorn.",
      ),
    ),

  noInterpreter: (tried: readonly string[]) =>
    new UserError(
      l10n.t(
        "No Python interpreter was found (tried {0}). Install Python 3.10 or newer, or choose one with “Python: Select Interpreter” or the setting loopscope.pythonPath.",
        tried.join(", "),
      ),
      ["selectInterpreter", "openSettings"],
    ),

  /** `why` is what the check found; its advice for the command line is replaced by ours. */
  interpreterUnusable: (why: string, source: string) =>
    new UserError(
      l10n.t(
        "{0} It was named by {1}. Choose another with “Python: Select Interpreter” or the setting loopscope.pythonPath.",
        withoutOptions(why),
        source,
      ),
      ["selectInterpreter", "openSettings"],
    ),

  untrusted: () =>
    new UserError(
      l10n.t(
        "This workspace is not trusted, so its programs are not run. Trust it to trace them; linting works without.",
      ),
      ["manageTrust"],
    ),

  notStarted: (why: string) => new UserError(l10n.t("The program was not started: {0}", why), ["showOutput"]),

  noAttaching: () =>
    new UserError(
      l10n.t(
        "Attaching to a program that runs already is not possible on Windows yet. Start the program with Loopscope: Run with Trace or Loopscope: Trace Command Line….",
      ),
    ),

  /** `why` says what to do. */
  notAttached: (pid: number, why: string) =>
    new UserError(
      why.includes(`process ${pid}`)
        ? `${why.charAt(0).toUpperCase()}${why.slice(1)}.`
        : l10n.t("Process {0} cannot be attached to: {1}.", pid, why),
      ["showOutput"],
    ),

  noLoop: (name: string, exitCode: number | null) => new UserError(withoutLoop(name, exitCode)),

  notATrace: (name: string, why: string) =>
    new UserError(
      l10n.t(
        "{0} cannot be opened: {1} A trace is recorded by Loopscope: Run with Trace or by `loopscope run --trace FILE`.",
        name,
        why,
      ),
    ),

  nothingToSave: () =>
    new UserError(l10n.t("There is no trace to save. Run a program with Loopscope: Run with Trace first.")),

  nothingToCompare: () =>
    new UserError(
      l10n.t(
        "There is no trace to compare with. Run a program or open a trace first, then compare it with another.",
      ),
    ),

  rowGone: () =>
    new UserError(
      l10n.t("The list has changed just now. Choose the task again to show it in the task graph."),
    ),

  sourceMissing: (file: string) =>
    new UserError(
      l10n.t(
        "{0} does not exist on this machine. The trace was recorded elsewhere, or the file has been moved since.",
        file,
      ),
    ),
};

function withoutLoop(name: string, exitCode: number | null): string {
  if (exitCode === 0) {
    return l10n.t("{0} ran to its end without an asyncio event loop, so there is nothing to show.", name);
  }
  const what =
    exitCode === null
      ? l10n.t("{0} ended before its event loop began.", name)
      : l10n.t("{0} ended with exit code {1} before its event loop began.", name, exitCode);
  const why = l10n.t("The terminal shows why; a syntax error or a failing import is the usual reason.");
  return `${what} ${why}`;
}

/** Drops the sentences that advise the command line's option, and begins with a capital. */
function withoutOptions(text: string): string {
  const kept = text
    .split(/(?<=\.)\s+/)
    .filter((sentence) => !sentence.includes(" --python"))
    .join(" ");
  return kept.charAt(0).toUpperCase() + kept.slice(1);
}
