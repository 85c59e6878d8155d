import { createBoxOverlay } from "../ui/box-overlay.ts";
import { createLineList } from "../ui/line-list.ts";
import type { ReadingEvents } from "./read-picture.ts";

/** A picture's boxes and lines, which light up together. */
export interface ReadingView extends ReadingEvents {
  /** Empties both; the hint says what will appear. */
  clear(hint: string): void;
}

export function createReadingView(): ReadingView {
  const light = (index: number | undefined) => {
    boxes.light(index);
    lines.light(index);
  };
  const lines = createLineList({ onPoint: light });
  const boxes = createBoxOverlay({ onPoint: light, onChoose: lines.focus });

  return {
    onBoxes(size, found) {
      lines.clear("");
      boxes.show(size, found);
    },
    onLine(index, text, judge) {
      boxes.settle(index);
      lines.add(index, text, judge);
    },
    onNothing: boxes.remove,
    onLanguage: lines.name,
    clear(hint) {
      boxes.clear();
      lines.clear(hint);
    },
  };
}
