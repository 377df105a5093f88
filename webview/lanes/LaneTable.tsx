import { stateName } from "../model/look";
import { snapshot, trace } from "../state/model";
import { displayName, duration } from "../util/format";
import { t, tn } from "../util/l10n";
import { rows } from "./state";

/** Lanes in the table for screen readers: a person who listens to more than this uses the filter. */
const MOST = 200;

/** The lanes for a screen reader, as a table of the instant shown. */
export function LaneTable() {
  const { state, since, t: now } = snapshot.value;
  const shown = rows.value.slice(0, MOST);
  return (
    <div class="unseen">
      <table>
        <caption>
          {t("Lanes at {time} s", { time: now.toFixed(3) })}
          {rows.value.length > MOST
            ? `, ${t("the first {n} of {all}", { n: MOST, all: rows.value.length })}`
            : ""}
        </caption>
        <thead>
          <tr>
            <th scope="col">{t("Lane")}</th>
            <th scope="col">{t("State")}</th>
            <th scope="col">{t("For")}</th>
            <th scope="col">{t("Created")}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) =>
            row.kind === "task" ? (
              <tr key={row.key}>
                <th scope="row">{row.label}</th>
                <td>{stateName(state[row.task] ?? 0)}</td>
                <td>{duration(now - (since[row.task] ?? now))}</td>
                <td>{duration(trace.value.tasks.created.get(row.task))}</td>
              </tr>
            ) : (
              <tr key={row.key}>
                <th scope="row">{displayName(row.label)}</th>
                <td colSpan={3}>
                  {row.kind === "group" ? tn(row.tasks.length, "{n} task", "{n} tasks") : row.detail}
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}
