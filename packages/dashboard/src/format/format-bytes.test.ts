import { expect, test } from "vitest";
import { formatBytes } from "./format-bytes.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [9_960, "10 kB"],
  [999_700, "1.0 MB"],
  [48_500_000, "49 MB"],
  [2_300_000_000, "2.3 GB"],
])("%d bytes read %s", (bytes, text) => {
  expect(formatBytes(bytes).replaceAll("\u202f", " ")).toBe(text);
});
