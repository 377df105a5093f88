import type { Place } from "../../src/protocol/report";
import { inEditor, openPlace } from "../state/actions";
import { config } from "../state/model";
import { fileLine, shortPath } from "../util/format";
import { t } from "../util/l10n";

/** "shop.py:97", which opens the line. */
export function PlaceLink({ place }: { place: Place | null }) {
  if (!place || place.line <= 0) return <span class="dim">–</span>;
  const path = `${shortPath(place.file, config.value.folders)}:${place.line}`;
  return (
    <button
      type="button"
      class="link place"
      title={
        inEditor()
          ? t("Open {place}", { place: path })
          : t("Copy {what}", { what: `${place.file}:${place.line}` })
      }
      onClick={() => openPlace(place)}
    >
      <span>{fileLine(place.file, 0)}</span>:{place.line}
    </button>
  );
}
