import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { controlFolder } from "./control";

/** How a program is to be traced. */
export interface TraceSettings {
  /** Threshold of `blocking-call` and `starved`, milliseconds. */
  blockMs?: number;
  /** full: every await chain; light: steps, blocks and lifecycle. */
  detail?: "full" | "light";
  /** Trace child processes too. They inherit the runtime's variables, so the program can see those as well. */
  follow?: boolean;
}

export const DEFAULT_BLOCK_MS = 50;

/** The folder `runtime/python` of this installation, seen from `dist/` or from the sources. */
export function runtimeFolder(): string {
  const candidates = ["../runtime/python", "../../runtime/python"].map((path) => resolve(__dirname, path));
  return candidates.find((path) => existsSync(join(path, "site"))) ?? candidates[0];
}

/**
 * The variables that make a Python connect to `channel` and trace itself, or (null) wait dormant until it is attached
 * to: to be set on top of `base`. The runtime removes them all (unless children are followed), and gives the program its own PYTHONPATH back,
 * before the program starts.
 */
export function tracedEnvironment(
  base: Readonly<Record<string, string | undefined>>,
  channel: { channel: string; token: string } | null,
  settings: TraceSettings = {},
  runtime = runtimeFolder(),
): Record<string, string> {
  const site = join(runtime, "site");
  const own = base.PYTHONPATH;
  const variables: Record<string, string> = {
    PYTHONPATH: own ? `${site}${delimiter}${own}` : site,
  };
  if (channel === null) {
    variables.LOOPSCOPE_DETAIL = "dormant";
    variables.LOOPSCOPE_CONTROL = controlFolder();
  } else {
    variables.LOOPSCOPE_CHANNEL = channel.channel;
    variables.LOOPSCOPE_TOKEN = channel.token;
    variables.LOOPSCOPE_BLOCK_MS = String(settings.blockMs ?? DEFAULT_BLOCK_MS);
    variables.LOOPSCOPE_DETAIL = settings.detail ?? "full";
  }
  if (own !== undefined) variables.LOOPSCOPE_PYTHONPATH = own;
  if (settings.follow) variables.LOOPSCOPE_FOLLOW = "1";
  return variables;
}
