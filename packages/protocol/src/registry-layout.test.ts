import fc from "fast-check";
import { expect, test } from "vitest";
import {
  channelsPath,
  isModelName,
  isVersion,
  manifestPath,
  ROOT_PATH,
  rootLinkPath,
  segmentPath,
  signaturePath,
} from "./registry-layout.ts";

test("the layout is what DESIGN promises static hosts", () => {
  expect(channelsPath("ocr-rec")).toBe("ocr-rec/channels.json");
  expect(manifestPath("ocr-rec", "1.2.0")).toBe("ocr-rec/1.2.0/manifest.json");
  expect(signaturePath("ocr-rec", "1.2.0")).toBe("ocr-rec/1.2.0/manifest.sig");
  expect(segmentPath("ocr-rec", "ab")).toBe("ocr-rec/segments/ab.bin");
  expect([ROOT_PATH, rootLinkPath(2)]).toEqual(["root.json", "root-2.json"]);
});

test.each(["ocr-rec", "a", "0", "silero_vad.v5", "x".repeat(64)])(
  "%j is a model's name",
  (name) => {
    expect(isModelName(name)).toBe(true);
  },
);

test.each(["1", "1.2.0", "1.2.0-rc.1+build_5", "2026-11-21", "V5"])(
  "%j is a version",
  (version) => {
    expect(isVersion(version)).toBe(true);
  },
);

const pathTricks = [
  "",
  ".",
  "..",
  "../x",
  "a/../b",
  "a..b",
  "/etc",
  "a/b",
  "a\\b",
  "C:",
  "a%2fb",
  "a b",
  "a\n",
  "a\0",
  "-rf",
  ".git",
  "_x",
  "a?b",
  "a#b",
  "a.",
  "é",
  "x".repeat(65),
];

test.each(pathTricks)("%j is neither a name nor a version", (text) => {
  expect(isModelName(text)).toBe(false);
  expect(isVersion(text)).toBe(false);
});

test.each(["segments", "Segments", "SEGMENTS", "channels.json", "Channels.JSON"])(
  "%j is no version: the layout needs that place",
  (text) => expect(isVersion(text)).toBe(false),
);

test.each([ROOT_PATH, rootLinkPath(2), rootLinkPath(10)])(
  "%j is no model's name: the layout needs that place",
  (text) => expect(isModelName(text)).toBe(false),
);

test("a name is lower-case, so that no file system mixes two up", () => {
  expect(isModelName("OCR")).toBe(false);
});

test("an accepted name and version always stay where they belong", () => {
  const text = fc.oneof(
    fc.string({ minLength: 1, maxLength: 6 }),
    fc.string({ unit: fc.constantFrom("a", "1", ".", "/", "-", "\\", "%"), maxLength: 5 }),
  );
  fc.assert(
    fc.property(text, text, (name, version) => {
      fc.pre(isModelName(name) && isVersion(version));
      const url = new URL(manifestPath(name, version), "https://host/models/");
      expect(url.href).toBe(`https://host/models/${name}/${version}/manifest.json`);
    }),
  );
});
