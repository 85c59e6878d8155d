import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "../../store/database.ts";
import { freshDatabase } from "../../store/fresh-database.fixture.ts";
import { unwrap } from "../../worker/outcome.ts";
import { allImages } from "./image-store.ts";
import {
  hibernateOnce,
  installPack,
  knowIndex,
  type StoredImage,
  startEngine,
  takeImage,
  tinyPack,
} from "./sleeper.fixture.ts";

const FOLDER = "selvedge-images";

let database: Database;
let ends: (() => unknown)[];

beforeEach(async () => {
  ends = [];
  database = await freshDatabase();
  await installPack(database, await tinyPack());
  await hibernateOnce("whole");
  await keepAsFile(await takeImage(database));
  await knowIndex(database, "whole");
});

afterEach(async () => {
  for (const end of ends) await end();
});

/** Keeps an image as a file, wherever this device reads it faster. */
async function keepAsFile({ record, pages }: StoredImage): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(FOLDER, { create: true });
  const file = await (await folder.getFileHandle(record.key, { create: true })).createWritable();
  await file.write(pages);
  await file.close();
  const kept = { ...record, place: "opfs" } as const;
  await database.use("keeping", (connection) => connection.put("images", kept));
}

/** Opens an image's file and keeps it open, so that nobody else can: what it does to it is a script. */
async function openElsewhere(script = ""): Promise<void> {
  const [image] = await allImages(database);
  const source = `
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(${JSON.stringify(FOLDER)});
    const file = await folder.getFileHandle(${JSON.stringify(image?.key)});
    self.handle = await file.createSyncAccessHandle();
    ${script}
    onmessage = () => {
      handle.close();
      postMessage("closed");
    };
    postMessage("open");`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const says = () =>
    new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = reject;
    });
  ends.push(async () => {
    worker.postMessage("close");
    await says();
    worker.terminate();
  });
  await says();
}

async function visit() {
  const engine = startEngine("whole", { isPatient: true });
  ends.push(engine.end);
  const opened = unwrap(await engine.open({ wake: "full" }));
  expect(await engine.answer(7)).toHaveLength(8);
  return opened?.waking;
}

test("an image is woken while another tab reads it, in a browser that lets one open a file at a time", async () => {
  expect(await visit()).toMatchObject({ step: "full" });
  await openElsewhere();
  expect(await visit()).toMatchObject({ step: "full" });
});

test.each([
  ["has only begun to write", "handle.truncate(0)"],
  ["has written a part of", "handle.truncate(handle.getSize() - 4096)"],
])("an image that another tab %s is neither woken nor dropped", async (_, script) => {
  await openElsewhere(script);
  const reason = "another tab writes the image";
  expect(await visit()).toMatchObject({ step: "none", reason: expect.stringContaining(reason) });
  expect(await allImages(database)).toMatchObject([{ kind: "kept" }]);
});

test("of an image whose head was damaged, the file goes too", async () => {
  const [image] = await allImages(database);
  if (image?.kind !== "kept") throw new Error("there is no image");
  const head = image.head.replace('"session":', '"session":1');
  await database.use("damaging", (connection) => connection.put("images", { ...image, head }));
  expect(await visit()).toMatchObject({ step: "none", isDamaged: true });
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER);
  await expect(folder.getFileHandle(image.key)).rejects.toThrow(DOMException);
});
