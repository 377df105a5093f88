import { statSync } from "node:fs";
import { type Command, Option } from "commander";
import { chromeTrace, formatTimeline, reportJson, timeline } from "../trace";
import { parseMilliseconds } from "./arguments";
import { legibly } from "./legible";
import { loadTrace } from "./model";
import { complain, gathered, type Terminal, terminal, UsageError, writePieces } from "./output";
import { overview } from "./overview";
import { checkTrace, htmlReport } from "./page";
import { reading } from "./reading";
import { style } from "./style";
import { textReport } from "./text";

const FORMATS = ["json", "text", "timeline", "html", "chrome"] as const;

interface Options {
  format: (typeof FORMATS)[number];
  output: string;
  blockMs?: number;
}

/** Adds `loopscope report`. */
export function registerReport(program: Command): void {
  program
    .command("report")
    .description("tell what a trace holds")
    .argument("<trace>", "a file written by run --trace or by the editor")
    .addOption(new Option("--format <format>", "what to write").choices(FORMATS).default("text"))
    .option("-o, --output <file>", "where to; - is stdout", "-")
    .option(
      "--block-ms <n>",
      "threshold of blocking-call and starved (default: the one it was run with)",
      parseMilliseconds,
    )
    .action(async (path: string, options: Options) => {
      if (options.output === "") throw new UsageError("-o needs the path of a file, or - for stdout");
      if (options.output !== "-" && sameFile(path, options.output)) {
        throw new UsageError(`${options.output} is the trace itself: give -o another file`);
      }
      await writePieces(options.output, await pieces(path, options));
    });
}

async function pieces(path: string, options: Options): Promise<Iterable<string> | AsyncIterable<string>> {
  if (options.format === "html") {
    await checkTrace(path);
    return htmlReport(path, options.blockMs);
  }
  const trace = await loadTrace(path, options.blockMs);
  const screen = options.output === "-" ? terminal(1) : NO_TERMINAL;
  if (options.format === "text") return gathered(legibly(textReport(overview(trace), style(screen))));
  for (const note of trace.notes) complain(`loopscope: ${path}: ${note}`);
  switch (options.format) {
    case "json":
      return gathered(reportJson(trace, reading));
    case "timeline":
      return gathered(formatTimeline(timeline(trace), { tty: screen.tty }));
    case "chrome":
      return gathered(chromeTrace(trace));
  }
}

const NO_TERMINAL: Terminal = { tty: false, colours: false, columns: 0 };

function sameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
