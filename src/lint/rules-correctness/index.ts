/** The rules about the correctness of async code, each in a file of its own. */
import type { Rule, WorkspaceRule } from "../types";

export const correctnessRules: readonly Rule[] = [];

export const workspaceRules: readonly WorkspaceRule[] = [];
