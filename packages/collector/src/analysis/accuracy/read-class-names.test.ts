import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccuracyAnswer, ReferenceFeature } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { manifestWithReference } from "../../fixtures/sample-telemetry.ts";
import { createManifestReader } from "../read-manifest.ts";
import { nameClasses } from "./name-classes.ts";
import { createClassNameReader } from "./read-class-names.ts";

let registryDir: string;
beforeEach(async () => {
  registryDir = await mkdtemp(join(tmpdir(), "selvedge-names-"));
});
afterEach(() => rm(registryDir, { recursive: true }));

const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface Packed {
  /** Content by name. */
  readonly attachments: Readonly<Record<string, string>>;
  /** Of the scores that the model answers with; −1 where that is free. */
  readonly scores?: number;
  readonly measure?: ReferenceFeature["measure"];
  readonly categories?: readonly string[];
}

/** Writes rec@1.0.0 with files, all in one segment, and reads what its classes are called. */
async function namesOf({
  attachments,
  scores = 3,
  measure = "class",
  categories = ["0", "1", "2"],
}: Packed) {
  const segment = Buffer.from(Object.values(attachments).join(""));
  const sha256 = digestOf(segment);
  let offset = 0;
  const refs = Object.entries(attachments).map(([name, content]) => {
    const bytes = Buffer.from(content);
    const at = { segment: 0, offset, length: bytes.length };
    offset += bytes.length;
    return { name, bytes: bytes.length, sha256: digestOf(bytes), at };
  });
  const manifest = JSON.parse(manifestWithReference([1]));
  const counts = categories.map(() => 9);
  const feature = { name: "y.class", side: "output", tensor: "y", measure, categories, counts };
  const whole = {
    ...manifest,
    segments: [{ sha256, bytes: segment.length }],
    attachments: refs,
    signature: {
      ...manifest.signature,
      outputs: [{ name: "y", dtype: "float32", dims: [-1, scores] }],
    },
    reference: { samples: 9, features: [{ ...feature, missing: 0 }] },
  };
  const folder = join(registryDir, "rec");
  await mkdir(join(folder, "1.0.0"), { recursive: true });
  await mkdir(join(folder, "segments"), { recursive: true });
  await writeFile(join(folder, "1.0.0", "manifest.json"), JSON.stringify(whole));
  const segmentFile = join(folder, "segments", `${sha256}.bin`);
  await writeFile(segmentFile, segment);
  const read = createClassNameReader(registryDir, createManifestReader(registryDir));
  return { read, segmentFile, names: Object.fromEntries(await read("rec", "1.0.0")) };
}

const LABELS = "Adelie\nChinstrap\nGentoo\n";
const NAMES = { "0": "Adelie", "1": "Chinstrap", "2": "Gentoo" };
const pad = { "other.txt": "padding before it" };

test("classes are called what a file in the pack says", async () => {
  const { names } = await namesOf({ attachments: { ...pad, "labels.txt": LABELS } });
  expect(names).toEqual(NAMES);
  const config = JSON.stringify({ id2label: NAMES });
  expect((await namesOf({ attachments: { ...pad, "config.json": config } })).names).toEqual(NAMES);
});

test("only classes of the reference are named, and of two that are called the same neither", async () => {
  const attachments = { "labels.txt": "cat\ndog\ncat\n" };
  expect((await namesOf({ attachments })).names).toEqual({ "1": "dog" });
  const categories = ["0", "1"];
  expect((await namesOf({ attachments, categories })).names).toEqual({ "0": "cat", "1": "dog" });
});

test.each<[string, Partial<Packed>]>([
  ["there are other classes than scores", { scores: 4 }],
  ["the model gives labels itself", { measure: "category", categories: ["Adelie", "Gentoo"] }],
  ["no file says so", { attachments: { "readme.txt": LABELS } }],
])("none is named where %s", async (_, packed) => {
  const attachments = { "labels.txt": LABELS };
  expect((await namesOf({ attachments, ...packed })).names).toEqual({});
});

test("bytes that are not those of the manifest name nothing, nor do those that are gone", async () => {
  const { segmentFile } = await namesOf({ attachments: { "labels.txt": LABELS } });
  const readAnew = () =>
    createClassNameReader(registryDir, createManifestReader(registryDir))("rec", "1.0.0");
  await writeFile(segmentFile, LABELS.replace("Adelie", "Gentoo"));
  expect(await readAnew()).toEqual(new Map());
  await rm(segmentFile);
  expect(await readAnew()).toEqual(new Map());
});

test("a version that is not served, or whose manifest is broken, has no names", async () => {
  const { read } = await namesOf({ attachments: { "labels.txt": LABELS } });
  expect(await read("rec", "2.0.0")).toEqual(new Map());
  await writeFile(join(registryDir, "rec", "1.0.0", "manifest.json"), "{}");
  expect(await read("rec", "1.0.0")).toEqual(new Map());
});

test("an answer has the names of the classes that it tells of, and of no others", async () => {
  const { read } = await namesOf({ attachments: { "labels.txt": LABELS } });
  const none = { calibration: null, confusion: null, error: null };
  const version: AccuracyAnswer["versions"][number] = {
    ...{ model: "rec", version: "1.0.0", judged: 60, correct: 60, accuracy: null, days: none },
    ...{ calibration: [], calibrationError: null, classNames: {}, error: null },
    confusion: [
      { predicted: "1", label: "1", count: 60 },
      { predicted: "other", label: "other", count: 60 },
    ],
  };
  const { versions } = await nameClasses({ versions: [version] }, read);
  expect(versions.map(({ classNames }) => classNames)).toEqual([{ "1": "Chinstrap" }]);
});
