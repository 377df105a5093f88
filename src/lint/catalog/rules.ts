/** The rules whose findings come from the catalogue and the call graph rather than from a check of their own. */
import type { Rule } from "../types";

function graphRule(rule: Omit<Rule, "check" | "defaultOn"> & { defaultOn?: boolean }): Rule {
  return { defaultOn: true, ...rule, check: () => {} };
}

export const blockingRules: readonly Rule[] = [
  graphRule({
    id: "blocking-sleep",
    equivalents: ["ASYNC251"],
    severity: "error",
    summary: "time.sleep in async code stops every task of the loop",
  }),
  graphRule({
    id: "blocking-http",
    equivalents: ["ASYNC210", "ASYNC211", "ASYNC212"],
    severity: "error",
    summary: "a synchronous HTTP request in async code holds the loop until the server has answered",
  }),
  graphRule({
    id: "blocking-subprocess",
    equivalents: ["ASYNC220", "ASYNC221"],
    severity: "error",
    summary: "starting or running a process synchronously in async code",
  }),
  graphRule({
    id: "blocking-wait",
    equivalents: ["ASYNC222"],
    severity: "error",
    summary: "waiting for a thread, a process, a queue or a lock of threads in async code",
  }),
  graphRule({
    id: "blocking-file",
    equivalents: ["ASYNC230", "ASYNC231", "ASYNC232"],
    severity: "warning",
    summary: "reading or writing a file synchronously in async code",
  }),
  graphRule({
    id: "blocking-path",
    equivalents: ["ASYNC240"],
    severity: "hint",
    summary: "asking the file system about paths synchronously in async code",
  }),
  graphRule({
    id: "blocking-input",
    equivalents: ["ASYNC250"],
    severity: "error",
    summary: "waiting for a person to type holds the loop for as long as that takes",
  }),
  graphRule({
    id: "blocking-database",
    equivalents: [],
    severity: "error",
    summary: "a synchronous database driver in async code holds the loop for each statement",
  }),
  graphRule({
    id: "blocking-socket",
    equivalents: [],
    severity: "error",
    summary: "synchronous sockets, name look-ups, mail, FTP or SSH in async code",
  }),
  graphRule({
    id: "blocking-cpu",
    equivalents: [],
    severity: "warning",
    defaultOn: false,
    summary: "work known to keep the processor busy (key derivation, compression, images) in async code",
  }),
  graphRule({
    id: "blocking-custom",
    equivalents: ["ASYNC200"],
    severity: "error",
    summary: "a call that the project's own settings list as blocking",
  }),
  graphRule({
    id: "nested-loop",
    equivalents: [],
    severity: "error",
    summary: "starting an event loop (asyncio.run, run_until_complete) where one is running already",
  }),
  graphRule({
    id: "not-thread-safe",
    equivalents: [],
    severity: "error",
    summary: "a loop, task or future touched from another thread without call_soon_threadsafe",
  }),
];
