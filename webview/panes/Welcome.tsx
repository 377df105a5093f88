import { Icon } from "../icons";
import { act } from "../state/actions";
import { actions, open, problem, source, trace } from "../state/model";
import { t, tx } from "../util/l10n";

/** What there is to see before there is anything to see. */
export function Welcome() {
  if (open.value) {
    return (
      <main class="welcome">
        <div class="spinner" aria-hidden="true" />
        <h2>
          {source.value?.kind === "live"
            ? t("Waiting for the program's first task…")
            : t("Reading the trace…")}
        </h2>
        <p>{source.value?.title}</p>
      </main>
    );
  }
  // What is wrong with it is said above.
  if (source.value && problem.value !== null) {
    return (
      <main class="welcome">
        <Icon name="error" size={40} />
        <h2>{t("This trace cannot be read")}</h2>
        <p>{source.value.title}</p>
      </main>
    );
  }
  if (source.value) {
    const { title } = source.value;
    const program = trace.value.programs[0];
    const code = program?.end?.exitCode ?? 0;
    const cutOff = program && program.end === null && program.bye === null;
    return (
      <main class="welcome">
        <Icon name="pulse" size={40} />
        <h2>{t("No task in this trace")}</h2>
        <p>
          {cutOff
            ? t("The recording of {title} ends before the program created an asyncio task.", { title })
            : code === 0
              ? tx(
                  "{title} ended without creating an asyncio task. A program is traced from the moment it starts an event loop, for example with {code}.",
                  { title, code: <code>asyncio.run(main())</code> },
                )
              : t(
                  "{title} ended with exit code {code} before it created an asyncio task. What it printed says why; a syntax error or a failing import is the usual reason.",
                  { title, code },
                )}
        </p>
      </main>
    );
  }
  return (
    <main class="welcome">
      <Icon name="pulse" size={40} />
      <h2>{t("Nothing traced yet")}</h2>
      <p>
        {tx(
          "Open a Python file that uses asyncio and run {command}. Its tasks appear here while it runs, each with the line it is waiting at.",
          { command: <b>Loopscope: {t("Run with Trace")}</b> },
        )}
      </p>
      <div class="row">
        {actions.value.includes("run") ? (
          <button type="button" class="button" onClick={() => act("run")}>
            <Icon name="debug-start" /> {t("Run with Trace")}
          </button>
        ) : null}
        {actions.value.includes("openTrace") ? (
          <button type="button" class="button secondary" onClick={() => act("openTrace")}>
            <Icon name="folder-opened" /> {t("Open Trace…")}
          </button>
        ) : null}
      </div>
    </main>
  );
}
