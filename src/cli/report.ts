import { type Command, Option } from "commander";
import { chromeTrace, formatTimeline, report, reportJson, type Trace, timeline } from "../trace";
import { parseMilliseconds } from "./arguments";
import { loadTrace } from "./model";
import { complain, gathered, terminal, UsageError, writePieces } from "./output";
import { style } from "./style";
import { textReport } from "./text";

const FORMATS = ["json", "text", "timeline", "chrome"] as const;

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
      const trace = await loadTrace(path, options.blockMs);
      if (options.format !== "text") for (const note of trace.notes) complain(`loopscope: ${path}: ${note}`);
      writePieces(options.output, gathered(pieces(trace, options)));
    });
}

function pieces(trace: Trace, options: Options): Iterable<string> {
  const { tty, colours } = options.output === "-" ? terminal(1) : { tty: false, colours: false };
  switch (options.format) {
    case "json":
      return reportJson(trace);
    case "timeline":
      return formatTimeline(timeline(trace), { tty });
    case "chrome":
      return chromeTrace(trace);
    case "text":
      return textReport(report(trace), trace.notes, style(colours));
  }
}
