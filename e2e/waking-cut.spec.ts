import { inSoak } from "./fixtures/faults.ts";
import { holdsAt } from "./fixtures/host/faults.ts";
import { Sleeper } from "./fixtures/sleeper.ts";
import { test as base, expect } from "./fixtures/test.ts";
import { MODEL } from "./fixtures/waking.ts";

/** Tests on a device that has not seen the model yet. */
const test = base.extend<{ sleeper: Sleeper }>({
  sleeper: async ({ browser }, use) => {
    const sleeper = await Sleeper.arrive(browser, MODEL);
    await use(sleeper);
    await sleeper.leave();
  },
});

/** Lets a worker ask the host, and wait for its leave, at each step of writing an image. */
const ASKS_AS_IT_WRITES = `
  const step = (name) => {
    const request = new XMLHttpRequest();
    request.open("GET", "/step/" + name, false);
    request.send();
  };
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (...record) {
    const isImage = this.name === "images" && record[0].kind === "kept";
    if (this.name === "imagePages") step("pages");
    if (isImage) step("before");
    const request = put.apply(this, record);
    if (isImage) {
      step("during");
      this.transaction.addEventListener("complete", () => step("after"));
    }
    return request;
  };
  const { write } = FileSystemSyncAccessHandle.prototype;
  FileSystemSyncAccessHandle.prototype.write = function (...given) {
    step("file");
    return write.apply(this, given);
  };
`;

/** Where a tab may end while an image is written. */
const STEPS = [
  ["its pages are there, and its record is not", /\/step\/before$/],
  ...inSoak(
    ["its pages go into the database", /\/step\/pages$/] as const,
    ["its pages go into a file", /\/step\/file$/] as const,
    ["its record is being written", /\/step\/during$/] as const,
    ["its record has just been written", /\/step\/after$/] as const,
  ),
] as const;

for (const [when, step] of STEPS)
  test(`a tab that crashes as an image is written, when ${when}, costs only the image`, async ({
    sleeper,
  }) => {
    const { fault, reached } = holdsAt(-1);
    await sleeper.prepareEngines(ASKS_AS_IT_WRITES);
    sleeper.host.misbehave(step, fault);
    const cut = await sleeper.visit();
    await reached;
    await sleeper.crash(cut);
    await sleeper.behave();
    const next = await sleeper.visit();
    expect(next.opened).toMatchObject({ step: "none", code: "not-known" });
    await sleeper.untilImageIsMade();
    expect(await sleeper.images()).toMatchObject([{ kind: "kept" }]);
    const woken = await sleeper.visit();
    expect(woken.opened).toMatchObject({ step: "full", code: "woken" });
    expect(woken.answers).toEqual(next.answers);
  });

/** A device whose room is used up while pages are written: a part of them is there by then. */
const RUNS_FULL = `
  const put = IDBObjectStore.prototype.put;
  let records = 0;
  IDBObjectStore.prototype.put = function (...record) {
    if (this.name === "imagePages" && ++records > 1) throw new DOMException("no room", "QuotaExceededError");
    return put.apply(this, record);
  };
  const { write } = FileSystemSyncAccessHandle.prototype;
  FileSystemSyncAccessHandle.prototype.write = function (bytes, ...rest) {
    return write.call(this, bytes.subarray(0, bytes.length >> 1), ...rest);
  };
`;

test("where the room is used up as an image is written, nothing is left of it, and the model loads", async ({
  sleeper,
}) => {
  await sleeper.prepareEngines(RUNS_FULL);
  const first = await sleeper.visit();
  const verdict = () => sleeper.backstage.evaluate(() => device.imageVerdict());
  await expect.poll(verdict, { timeout: 90_000 }).toMatchObject({ image: "failed" });
  expect(await sleeper.images()).toEqual([]);
  expect(await sleeper.backstage.evaluate(async () => (await device.everyByte()).length)).toBe(0);
  const again = await first.page.evaluate(() => answersOf(globalThis.model, 0, 3));
  expect(again).toEqual(first.answers);
  const next = await sleeper.visit();
  expect(next.opened).toMatchObject({ step: "none", code: "not-known" });
});
