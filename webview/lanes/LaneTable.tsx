import { STATE_NAMES } from "../model/snapshot";
import { snapshot, trace } from "../state/model";
import { displayName, duration } from "../util/format";
import { rows } from "./state";

/** Lanes in the table for screen readers: a person who listens to more than this uses the filter. */
const MOST = 200;

/** The lanes for a screen reader, as a table of the instant shown. */
export function LaneTable() {
  const { state, since, t } = snapshot.value;
  const shown = rows.value.slice(0, MOST);
  return (
    <table class="unseen">
      <caption>
        Lanes at {t.toFixed(3)} s
        {rows.value.length > MOST ? `, the first ${MOST} of ${rows.value.length}` : ""}
      </caption>
      <thead>
        <tr>
          <th scope="col">Lane</th>
          <th scope="col">State</th>
          <th scope="col">For</th>
          <th scope="col">Created</th>
        </tr>
      </thead>
      <tbody>
        {shown.map((row) =>
          row.kind === "task" ? (
            <tr key={row.key}>
              <th scope="row">{row.label}</th>
              <td>{STATE_NAMES[state[row.task] ?? 0]}</td>
              <td>{duration(t - (since[row.task] ?? t))}</td>
              <td>{duration(trace.value.tasks.created.get(row.task))}</td>
            </tr>
          ) : (
            <tr key={row.key}>
              <th scope="row">{displayName(row.label)}</th>
              <td colSpan={3}>{row.kind === "group" ? `${row.tasks.length} tasks` : row.detail}</td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}
