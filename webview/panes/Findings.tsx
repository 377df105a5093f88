import type { Finding } from "../../src/protocol/report";
import { Icon, type IconName } from "../icons";
import { findingTitle } from "../model/look";
import { openHelp } from "../state/actions";
import { findings } from "../state/findings";
import { cursor, highlighted, open, select } from "../state/model";
import { whole } from "../state/trust";
import { duration } from "../util/format";
import { t } from "../util/l10n";
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
          <Icon name={whole.value ? "pass" : "info"} size={14} />{" "}
          {whole.value
            ? open.value
              ? t("Nothing found so far.")
              : t("Nothing wrong was found.")
            : t("Nothing found in what was recorded. The trust line below says what is missing.")}
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
        <span class="message">{finding.message}</span>
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
