import type { Loop, Trace } from "../../src/trace";

/** The loops of a trace, as the report counts them: what belongs to no loop is kept as one with the id 0, which is none. */
export const loopsOf = (trace: Trace): Loop[] => trace.loops.filter((loop) => loop.id > 0);
