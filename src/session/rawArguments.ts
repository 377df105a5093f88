import { readFileSync } from "node:fs";

/** What stands for bytes that are not UTF-8 in a string of Node's. */
const LOST = "\ufffd";

/** The arguments and variables of this process, byte for byte, as far as the system tells. */
interface RawStrings {
  args: Buffer[];
  env: Buffer[];
}

/**
 * The command that runs `command args` with the very bytes this process was given. Node decodes arguments and
 * variables as UTF-8 and loses what is not; in that (rare) case a shell that is then replaced by the
 * command puts the bytes back. The process id stays that of the command.
 */
export function faithfulCommand(
  command: string,
  args: string[],
  raw: RawStrings = ownStrings(args),
): { command: string; args: string[] } {
  if (raw.args.length === 0 && raw.env.length === 0) return { command, args };
  const byText = new Map(raw.args.map((bytes) => [bytes.toString("utf8"), bytes]));
  const words = [command, ...args].map((arg) => quoted(byText.get(arg) ?? Buffer.from(arg)));
  const exports = raw.env.flatMap((bytes) => {
    const equals = bytes.indexOf("=");
    const name = bytes.subarray(0, equals).toString("latin1");
    // PYTHONPATH is ours to set; the runtime gives the program its own back.
    return /^(?!PYTHONPATH$)[A-Za-z_]\w*$/.test(name)
      ? [`export ${name}=${quoted(bytes.subarray(equals + 1))}`]
      : [];
  });
  return { command: "/bin/sh", args: ["-c", [...exports, `exec ${words.join(" ")}`].join("\n")] };
}

/** Those of our arguments and variables that Node could not decode. */
function ownStrings(args: string[]): RawStrings {
  const lost = (text: string | undefined) => text?.includes(LOST) ?? false;
  const none = { args: [], env: [] };
  if (!args.some(lost) && !Object.values(process.env).some(lost)) return none;
  try {
    const undecodable = (file: string) =>
      split(readFileSync(file)).filter((bytes) => !Buffer.from(bytes.toString("utf8")).equals(bytes));
    return { args: undecodable("/proc/self/cmdline"), env: undecodable("/proc/self/environ") };
  } catch {
    // No /proc (macOS, Windows): the system's own strings are Unicode there.
    return none;
  }
}

function split(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at);
    parts.push(bytes.subarray(at, end < 0 ? bytes.length : end));
    at = end < 0 ? bytes.length : end + 1;
  }
  return parts;
}

/** A word of a POSIX shell script, in ASCII. Command substitution strips newlines at the end: they follow it. */
function quoted(bytes: Buffer): string {
  const text = bytes.toString("latin1");
  if (/^[\t\n\x20-\x7e]*$/.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const body = text.replace(/\n+$/, "");
  const octal = [...body].map((char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`).join("");
  return `"$(printf '${octal}')"'${text.slice(body.length)}'`;
}
