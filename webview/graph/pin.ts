import { CARD, type GraphModel } from "./build";
import type { View } from "./draw";
import { RESOURCE } from "./resources";

/** Distance of the resources from the panel's right edge, and of their ground from them, in CSS pixels. */
const EDGE = 14;
const GROUND = 26;
/** A column wider than this share of the panel is not held: it would leave no room for the tasks. */
const WIDEST = 0.4;
/** Where the column stands when there is room: a new generation of tasks, up to this one, does not move it. */
const GENERATIONS = 4;

export interface Pinned {
  /** The model with its resources where they are drawn. */
  model: GraphModel;
  /** Left edge of the ground that the resources stand on, in CSS pixels; infinite when nothing is held. */
  left: number;
}

/**
 * Holds the column of resources at the right edge of the panel where it would stand beyond it, as a table holds a
 * column: what is waited for is the point of the graph. Tasks pass beneath it.
 */
export function pinResources(model: GraphModel, view: View, width: number): Pinned {
  const free = { model, left: Number.POSITIVE_INFINITY };
  const [first] = model.resources;
  if (!first || model.outline || RESOURCE.width * view.scale > width * WIDEST) return free;
  const natural = Math.max(first.x, GENERATIONS * CARD.column + RESOURCE.distance - CARD.between);
  const edge = (width - EDGE - view.x) / view.scale - RESOURCE.width;
  const x = Math.min(natural, edge);
  const resources = model.resources.map((resource) => ({ ...resource, x }));
  const left = x < first.x ? x * view.scale + view.x - GROUND : free.left;
  return { model: { ...model, resources }, left };
}
