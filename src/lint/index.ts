/**
 * The linter's front door. Pure: no file system, no editor.
 *
 *     const workspace = createWorkspace({ roots: ["/repo"] });
 *     workspace.setFile("/repo/app.py", text);
 *     workspace.findings("/repo/app.py");
 */
export type * from "./catalog/types";
export type * from "./types";
