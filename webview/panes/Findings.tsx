import type { Finding } from "../../src/protocol/report";
import { Icon, type IconName } from "../icons";
import { belowTitle, findingTitle } from "../model/look";
import { State } from "../model/snapshot";
import { openHelp } from "../state/actions";
import { findings } from "../state/findings";
import { cursor, highlighted, open, select, snapshot } from "../state/model";
import { whole } from "../state/trust";
import { duration } from "../util/format";
import { t, tn } from "../util/l10n";
import { PlaceLink } from "./PlaceLink";

const ICONS: Record<Finding["severity"], IconName> = { error: "error", warning: "warning", info: "info" };

/** What is wrong, the most serious first; its evidence lights up in the graph and the lanes on hover. */
export function Findings() {
  const list = findings.value;
  return (
    <section class="findings" aria-label={t("Findings")}>
      <h2>
        {t("Findings")} <span class="number">{list.length}</span>
      </h2>
      {list.length === 0 ? (
        <p class="none">
          <Icon name={whole.value && failed() === 0 ? "pass" : "info"} size={14} /> {nothing()}
        </p>
      ) : (
        <ul>
          {list.map((finding) => (
            <FindingItem
              key={`${finding.rule}${finding.from}${finding.task}${finding.object}`}
              finding={finding}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

const failed = () => snapshot.value.totals[State.raised];

/** Why the list is empty; a task that failed is no finding, for the program may mean it, but nothing to be praised. */
function nothing(): string {
  if (!whole.value)
    return t("Nothing found in what was recorded. The trust line below says what is missing.");
  if (failed() > 0)
    return tn(
      failed(),
      "Nothing found but the task that failed.",
      "Nothing found but the {n} tasks that failed.",
    );
  return open.value ? t("Nothing found so far.") : t("Nothing wrong was found.");
}

function FindingItem({ finding }: { finding: Finding }) {
  const show = () => {
    highlighted.value = finding;
  };
  const hide = () => {
    if (highlighted.value === finding) highlighted.value = null;
  };
  const go = () => {
    if (finding.task !== null) select({ kind: "task", task: finding.task - 1 });
    else if (finding.tasks.length > 0) select({ kind: "task", task: finding.tasks[0] - 1 });
    if (finding.from !== null) cursor.value = finding.from + Math.min(finding.seconds ?? 0, 1e-3);
  };
  return (
    <li
      class={`finding ${finding.severity} ${highlighted.value === finding ? "whole" : ""}`}
      onMouseEnter={show}
      onMouseLeave={hide}
      onFocusCapture={show}
      onBlurCapture={hide}
    >
      <button type="button" class="what" onClick={go}>
        <span class="head">
          <Icon name={ICONS[finding.severity]} size={15} />
          <b>{findingTitle(finding.rule)}</b>
          <span class="amount">{finding.seconds === null ? "" : duration(finding.seconds)}</span>
        </span>
        <span class="message">{belowTitle(finding.message)}</span>
      </button>
      <div class="where">
        {finding.at ? <PlaceLink place={finding.at} /> : null}
        {finding.help ? (
          <button type="button" class="link" onClick={() => openHelp(finding.help)}>
            {t("what to do")}
          </button>
        ) : null}
        <span class="rule">{finding.rule}</span>
      </div>
    </li>
  );
}
