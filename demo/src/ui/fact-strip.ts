import type { ReadingTimes } from "../reading/read-picture.ts";
import { element } from "./element.ts";
import { formatBytes, formatMs } from "./quantities.ts";

/** The strip that says what happened on this device. */
export interface FactStrip {
  backend(name: string): void;
  fetched(bytes: number): void;
  times(times: ReadingTimes): void;
  /** Whether the page will open without a network. */
  offline(isKept: boolean): void;
}

export function createFactStrip(): FactStrip {
  const put = (id: string) => {
    const place = element(id, HTMLElement);
    return (text: string) => {
      place.textContent = text;
    };
  };
  const [backend, find, read, line, fetched, offline] = [
    put("backend"),
    put("find-ms"),
    put("read-ms"),
    put("line-ms"),
    put("fetched"),
    put("offline"),
  ] as const;
  return {
    backend,
    offline(isKept) {
      offline(isKept ? "works too" : "not kept");
      element("offline", HTMLElement).dataset["offline"] = isKept ? "ready" : "none";
    },
    fetched: (bytes) => fetched(bytes === 0 ? "nothing" : formatBytes(bytes)),
    times({ findMs, readMs, lines }) {
      find(formatMs(findMs));
      read(lines === 0 ? "–" : formatMs(readMs));
      line(lines === 0 ? "–" : formatMs(readMs / lines));
    },
  };
}
