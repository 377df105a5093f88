/** The rules about the correctness of async code, each in a file of its own. */
import type { Rule, WorkspaceRule } from "../types";
import { asyncWithoutAwait } from "./async-without-await";
import { awaitInLockOrder } from "./await-in-lock-order";
import { busyWait } from "./busy-wait";
import { cancellationSwallowed } from "./cancellation-swallowed";
import { danglingTask } from "./dangling-task";
import { deprecatedLoopApi } from "./deprecated-loop-api";
import { generatorAsCoroutine } from "./generator-as-coroutine";
import { missingAwait } from "./missing-await";
import { sequentialAwaits } from "./sequential-awaits";
import { taskgroupMisuse } from "./taskgroup-misuse";
import { timeoutWithoutAwait, yieldInTimeout } from "./timeouts";

export const correctnessRules: readonly Rule[] = [
  missingAwait,
  danglingTask,
  sequentialAwaits,
  asyncWithoutAwait,
  busyWait,
  cancellationSwallowed,
  timeoutWithoutAwait,
  yieldInTimeout,
  taskgroupMisuse,
  generatorAsCoroutine,
  deprecatedLoopApi,
];

export const workspaceRules: readonly WorkspaceRule[] = [awaitInLockOrder];
