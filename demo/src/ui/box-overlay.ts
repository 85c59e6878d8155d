import type { Size } from "../vision/picture-size.ts";
import { cornersOf, type TextBox } from "../vision/text-box.ts";
import { element } from "./element.ts";

const SVG = "http://www.w3.org/2000/svg";

/** The boxes over the picture, each known by its number. */
export interface BoxOverlay {
  show(size: Size, boxes: readonly TextBox[]): void;
  /** The line in the box has been read. */
  settle(index: number): void;
  remove(index: number): void;
  light(index: number | undefined): void;
  clear(): void;
}

export function createBoxOverlay(events: {
  onPoint(index: number | undefined): void;
  onChoose(index: number): void;
}): BoxOverlay {
  const overlay = element("boxes", SVGSVGElement);
  const polygons = new Map<number, SVGPolygonElement>();

  const draw = (box: TextBox, index: number) => {
    const polygon = document.createElementNS(SVG, "polygon");
    const corners = cornersOf(box).map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`);
    polygon.setAttribute("points", corners.join(" "));
    polygon.dataset["read"] = "false";
    polygon.addEventListener("pointerenter", () => events.onPoint(index));
    polygon.addEventListener("pointerleave", () => events.onPoint(undefined));
    polygon.addEventListener("click", () => events.onChoose(index));
    overlay.append(polygon);
    polygons.set(index, polygon);
  };
  const clear = () => {
    overlay.replaceChildren();
    polygons.clear();
  };

  return {
    show({ width, height }, boxes) {
      clear();
      overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
      for (const [index, box] of boxes.entries()) draw(box, index);
    },
    settle(index) {
      const polygon = polygons.get(index);
      if (polygon) polygon.dataset["read"] = "true";
    },
    remove(index) {
      polygons.get(index)?.remove();
      polygons.delete(index);
    },
    light(index) {
      for (const [key, polygon] of polygons) polygon.toggleAttribute("data-lit", key === index);
    },
    clear,
  };
}
