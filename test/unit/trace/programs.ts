import type { Finding, FindingRule } from "../../../src/protocol/report";
import { findings } from "../../../src/trace";
import { StreamWriter } from "./writer";

export const LOCK = "lib:/usr/lib/python3.12/asyncio/locks.py:112 Lock.acquire";
export const EVENT = "lib:/usr/lib/python3.12/asyncio/locks.py:212 Event.wait";
export const GET = "lib:/usr/lib/python3.12/asyncio/queues.py:158 Queue.get";
export const SLEEP = "lib:/usr/lib/python3.12/asyncio/tasks.py:665 sleep";
/** A place in the program, as the stream spells it. */
export const at = (line: number, name = "work") => `/app/app.py:${line} ${name}`;

/** The findings of one rule about what was written. */
export function of(w: StreamWriter, rule: FindingRule): Finding[] {
  return findings(w.trace()).filter((finding) => finding.rule === rule);
}

/** Tasks 1 to n, created at 0. */
export function started(n: number): StreamWriter {
  const w = new StreamWriter();
  w.run(0, 1);
  for (let key = 1; key <= n; key++) w.new(key, 0, 0, at(1), `t${key}`, [at(100, "main")]);
  return w;
}
