import type * as vscode from "vscode";
import { DEBUG_TYPE } from "../contributions";
import { Disposables } from "../disposables";
import type { Runner } from "../runs/runner";
import { LaunchAdapter } from "./adapter";

/** Makes `"type": "loopscope"` of launch.json run a program with trace. */
export function registerLaunch(
  debug: typeof vscode.debug,
  adapterOf: AdapterOf,
  runner: Runner,
  log: (line: string) => void,
): Disposables {
  const all = new Disposables();
  all.push(
    debug.registerDebugConfigurationProvider(DEBUG_TYPE, {
      resolveDebugConfiguration: (_folder, given) => ({
        // F5 without a launch.json.
        ...(given.request === undefined
          ? { type: DEBUG_TYPE, request: "launch", name: "Loopscope", program: "$" + "{file}" }
          : {}),
        // The terminal has what the program says; the debug console would hide it.
        internalConsoleOptions: "neverOpen",
        ...given,
      }),
    }),
  );
  all.push(
    debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, {
      createDebugAdapterDescriptor: (session) =>
        adapterOf(new LaunchAdapter(runner, session.workspaceFolder, log)),
    }),
  );
  return all;
}

type AdapterOf = (adapter: vscode.DebugAdapter) => vscode.DebugAdapterDescriptor;
