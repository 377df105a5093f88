import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { splitProgram } from "./arguments";
import { registerAttach } from "./attach";
import { registerLint } from "./lint";
import { complain, print, UsageError } from "./output";
import { registerReport } from "./report";
import { registerRules } from "./rules";
import { registerRun } from "./run";
import { registerSnapshot } from "./snapshot";
import { registerView } from "./view";

/** Exit code of whatever could not be done, with the reason on stderr. */
const FAILED = 2;

function version(): string {
  const manifest = readFileSync(join(__dirname, "..", "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

async function main(words: string[]): Promise<void> {
  const program: Command = new Command("loopscope")
    .description("See what an asyncio program is doing, and find what blocks it.")
    .version(version(), "--version")
    .helpOption("-h, --help")
    .helpCommand(false)
    .configureOutput({
      writeOut: print,
      writeErr: complain,
      // Commander's own words begin with "error: "; ours, and those of every other failure, with our name.
      outputError: (text, write) =>
        write(
          `loopscope: ${said(text)}${askForHelp(
            text,
            program.commands.map((each) => each.name()),
            words,
          )}`,
        ),
    })
    .exitOverride();
  const run = registerRun(program);
  registerReport(program);
  registerView(program);
  registerAttach(program);
  registerSnapshot(program);
  registerLint(program);
  registerRules(program);
  for (const command of program.commands) command.copyInheritedSettings(program);
  if (words.length === 0) program.error("a command is missing; loopscope --help lists them");
  await program.parseAsync(words[0] === "run" ? runWords(run, words.slice(1)) : words, { from: "user" });
}

/** Commander's message without its "error: ", its lines and its last point. */
const said = (text: string) =>
  text
    .trim()
    .replace(/^error: |\.$/g, "")
    .replace(/\n/g, " ");

/** Where to read on after an error of usage, unless it says so itself. */
function askForHelp(text: string, commands: string[], [command = ""]: string[]): string {
  if (text.includes("--help")) return "";
  return `; see loopscope ${commands.includes(command) ? `${command} ` : ""}--help`;
}

/** What is the program's must not be read as ours. */
function runWords(run: Command, words: string[]): string[] {
  const { ours, program } = splitProgram(run, words);
  // With nothing after it, "--" would be taken for the value of an option that lacks one.
  return program.length > 0 ? ["run", ...ours, "--", ...program] : ["run", ...ours];
}

/** Says what went wrong and returns the exit code. */
function failure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : FAILED;
  if (error instanceof UsageError) complain(`loopscope: ${error.message}`);
  else complain(`loopscope: internal error: ${error instanceof Error ? error.stack : String(error)}`);
  return FAILED;
}

main(process.argv.slice(2))
  .catch((error: unknown) => {
    process.exitCode = failure(error);
  })
  // All output is written; what is still open (a sentinel's pipe, say) must not keep us.
  .finally(() => process.exit());
