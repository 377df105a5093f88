/**
 * The linter's front door. Pure: no file system, no editor.
 *
 *     const workspace = createWorkspace({ roots: ["/repo"] });
 *     workspace.setFile("/repo/app.py", text);
 *     workspace.findings("/repo/app.py");
 */
import { blockingRules, catalog } from "./catalog/index";
import { correctnessRules, workspaceRules } from "./rules-correctness/index";
import type { LintWorkspace, WorkspaceOptions } from "./types";
import { Workspace } from "./workspace";

export type * from "./catalog/types";
export type * from "./types";
export { Workspace } from "./workspace";

/** A workspace with the product's catalogue and rules. */
export function createWorkspace(options: Partial<WorkspaceOptions> = {}): LintWorkspace {
  return new Workspace(
    {
      catalog,
      rules: correctnessRules,
      workspaceRules,
      select: null,
      extendSelect: [],
      ignore: [],
      severities: {},
      blocking: [],
      offloaders: [],
      roots: [],
      help: (rule) => `docs/rules/${rule}.md`,
      ...options,
    },
    blockingRules,
  );
}
