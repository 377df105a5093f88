import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "../icons";
import { live, now, trace } from "../state/model";
import { change, setting } from "../state/settings";
import {
  goLive,
  goTo,
  iteration,
  playing,
  SPEEDS,
  speed,
  stepEvent,
  stepIteration,
  togglePlay,
} from "../state/travel";
import { duration, instant } from "../util/format";
import { t } from "../util/l10n";
import { follows, range, span } from "./state";

/** The controls of time travel, above the lanes. */
export function Transport() {
  const { from, to } = span.value;
  const length = Math.min(to - from, Math.max(1e-9, trace.value.endTime));
  const all = trace.value.endTime;
  const it = iteration.value;
  return (
    <div class="transport" role="toolbar" aria-label={t("Time travel")}>
      <Button icon="debug-reverse-continue" label={t("To the beginning (Home)")} onClick={() => goTo(0)} />
      <Button icon="arrow-left" label={t("Previous event (,)")} onClick={() => stepEvent(-1)} />
      <Button
        icon={playing.value ? "debug-pause" : "play"}
        label={playing.value ? t("Pause (Space)") : t("Play (Space)")}
        onClick={togglePlay}
      />
      <Button icon="arrow-right" label={t("Next event (.)")} onClick={() => stepEvent(1)} />
      <label class="speed" title={t("Speed of playing")}>
        <span class="unseen">{t("Speed")}</span>
        <select
          value={String(speed.value)}
          onChange={(event) => {
            speed.value = Number(event.currentTarget.value);
          }}
        >
          {SPEEDS.map((value) => (
            <option key={value} value={String(value)}>
              {value}×
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        class={`now ${follows.value ? "at-end" : live.value ? "behind" : ""}`}
        aria-pressed={follows.value}
        title={follows.value ? t("The view follows the end") : t("Back to the end (End)")}
        onClick={goLive}
      >
        {live.value && !follows.value ? <Icon name="debug-continue" size={12} /> : null}
        {live.value ? t("Live") : t("End")}
      </button>
      <output class="clock" aria-label={t("Instant shown")}>
        <b>{instant(now.value, length)}</b>
        <span class="dim"> {t("of {time}", { time: all < 60 ? instant(all, length) : duration(all) })}</span>
      </output>
      {it ? (
        <span class="iterations">
          <Button
            icon="chevron-left"
            label={t("Previous iteration of the loop ([)")}
            onClick={() => stepIteration(-1)}
          />
          <span class="dim">{t("iteration {n} of {all}", { n: it.number, all: it.of })}</span>
          <Button
            icon="chevron-right"
            label={t("Next iteration of the loop (])")}
            onClick={() => stepIteration(1)}
          />
        </span>
      ) : null}
      <span class="right">
        {range.value ? (
          <Chip
            onClose={() => {
              range.value = null;
            }}
          >
            {t("range {time}", { time: duration(range.value.to - range.value.from) })}
          </Chip>
        ) : null}
        {setting.window.value ? (
          <Chip onClose={() => change({ window: null })}>
            {t("zoomed to {time}", { time: duration(to - from) })}
          </Chip>
        ) : null}
      </span>
    </div>
  );
}

function Button({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button type="button" class="plain" title={label} aria-label={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

function Chip({ children, onClose }: { children: ComponentChildren; onClose: () => void }) {
  return (
    <span class="chip">
      {children}
      <button type="button" class="plain" aria-label={t("Clear")} onClick={onClose}>
        <Icon name="close" size={12} />
      </button>
    </span>
  );
}
