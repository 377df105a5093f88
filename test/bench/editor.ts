/**
 * What a busy traced program costs the editor, in a real VS Code: processor time and memory of the extension host
 * over time, and how long Stop takes under load. Run it alone: other work on the machine is in its numbers.
 *
 *     npm run bench:editor -- [--rate records/s] [--seconds n] [--workers n] [--history MB] [--picture FILE]
 *
 * Linux only: it reads /proc.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { launchBrowser, newPage } from "../../scripts/lib/browser";
import { provisionEditor } from "../../scripts/lib/provision";
import { startServer } from "../../scripts/lib/server";
import { Workbench } from "../../scripts/lib/workbench";
import { BUSY_SERVER } from "./editorPrograms";

const { values: options } = parseArgs({
  options: {
    rate: { type: "string", default: "100000" },
    seconds: { type: "string", default: "60" },
    workers: { type: "string", default: "200" },
    history: { type: "string", default: "256" },
    picture: { type: "string" },
  },
});

const SAMPLE_MS = 2000;
/** Clock ticks a second in /proc. */
const TICKS = 100;

interface Usage {
  at: number;
  cpuSeconds: number;
  rssMb: number;
}

function usageOf(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return {
    at: performance.now(),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
    rssMb: Number(rss?.[1] ?? 0) / 1024,
  };
}

/** The process with these words in its command line and its environment; throws when there is none. */
function find(inCommand: string, inEnvironment: string): number {
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    try {
      const read = (file: string) => readFileSync(`/proc/${name}/${file}`, "utf8");
      if (read("cmdline").includes(inCommand) && read("environ").includes(inEnvironment)) return Number(name);
    } catch {
      // It has just ended, or is another user's.
    }
  }
  throw new Error(`no process was found with ${inCommand} in its command line`);
}

async function main(): Promise<void> {
  const editor = provisionEditor();
  const workspace = mkdtempSync(join(tmpdir(), "loopscope-bench-"));
  writeFileSync(join(workspace, "busy.py"), BUSY_SERVER);
  const seconds = Number(options.seconds);
  const mark = `bench-${process.pid}`;
  const server = await startServer(editor, {
    env: { NODE_OPTIONS: "--max-old-space-size=1024", LOOPSCOPE_BENCH: mark },
    settings: {
      "loopscope.historyMb": Number(options.history),
      "loopscope.args": [options.rate, String(seconds + 60), options.workers],
    },
  });
  const browser = await launchBrowser(editor.chromium);
  try {
    const page = await newPage(browser);
    page.setDefaultTimeout(120_000);
    const workbench = new Workbench(page);
    await workbench.open(server.url(workspace));
    await workbench.openFile("busy.py");
    await workbench.openSidebar();
    await workbench.command("Loopscope: Run with Trace");
    const status = page.locator(".statusbar").getByRole("button", { name: /busy\.py: [1-9][\d,]* tasks/ });
    await status.waitFor();
    await measure(find("--type=extensionHost", mark), find("busy.py", mark), seconds, () =>
      status.textContent(),
    );
    if (options.picture) await page.screenshot({ path: options.picture });
    console.log(
      `the view says: ${await workbench.view().locator(".trust").innerText()}`.replaceAll("\n", " · "),
    );
    const asked = performance.now();
    await workbench.command("Loopscope: Stop");
    await status.waitFor({ state: "detached" });
    console.log(`Stop took ${((performance.now() - asked) / 1000).toFixed(1)} s, with the palette`);
  } finally {
    await browser.close();
    await server.close();
    rmSync(workspace, { recursive: true, force: true });
  }
}

/** Prints a row a sample: shares of one core since the last, memory, and what the status bar says. */
async function measure(
  host: number,
  program: number,
  seconds: number,
  status: () => Promise<string | null>,
): Promise<void> {
  console.log("seconds   host CPU   host MB   program CPU   program MB   status bar");
  const began = performance.now();
  let before = { host: usageOf(host), program: usageOf(program) };
  while (performance.now() - began < seconds * 1000) {
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    const after = { host: usageOf(host), program: usageOf(program) };
    const share = (which: "host" | "program") => {
      const cpu = after[which].cpuSeconds - before[which].cpuSeconds;
      return `${((100_000 * cpu) / (after[which].at - before[which].at)).toFixed(0)} %`;
    };
    const row = [((after.host.at - began) / 1000).toFixed(0), share("host"), after.host.rssMb.toFixed(0)];
    row.push(share("program"), after.program.rssMb.toFixed(0), (await status())?.trim() ?? "");
    console.log(row.map((cell, index) => cell.padStart([7, 10, 9, 13, 12, 0][index])).join(" "));
    before = after;
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
