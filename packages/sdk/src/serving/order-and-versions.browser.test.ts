import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import {
  ContestingDevice,
  FAST,
  packOf,
  standings,
  until,
} from "../proving/contesting-device.fixture.ts";
import { noise } from "../store/pack.fixture.ts";

const WRONG = {
  "fp32 NHWC": { runMs: 2, fault: "wrong" },
  "fp32 NCHW": { runMs: 2, fault: "wrong" },
} as const;

let device: ContestingDevice;

beforeEach(async () => {
  device = await ContestingDevice.make();
});

afterEach(() => device.end());

const second = () => packOf({ version: "2.0.0", tensors: [noise(300, 2)] });

test("a version that failed where alone it may run is replaced once the registry has another", async () => {
  const options = { backend: "webgpu" } as const;
  device.places = WRONG;
  await expect(device.visit({}, options)).rejects.toMatchObject({ code: "no-candidate" });
  await eventually(async () => expect(await device.stored()).toHaveLength(2));
  device.places = {};
  // It is remembered, and nothing else is there to be had.
  await expect(device.visit({}, options)).rejects.toMatchObject({ code: "no-candidate" });
  device.registry.publish(await second());
  const model = await device.visit({}, options);
  expect([model.info.version, model.info.backend]).toEqual(["2.0.0", "webgpu"]);
});

test("where WASM answers instead, another version is fetched behind it, and tried on the next visit", async () => {
  const options = { backend: ["webgpu", "wasm"] } as const;
  device.places = WRONG;
  const first = await device.visit({}, options);
  await eventually(async () => expect(await device.stored()).toHaveLength(2));
  await first.dispose();
  device.places = {};
  const next = await second();
  device.registry.publish(next);
  const model = await device.visit({ proveAfterMs: 0 }, options);
  expect([model.info.version, model.info.backend]).toEqual(["1.0.0", "wasm"]);
  const current = { digest: next.digest, dtype: "fp32" };
  await eventually(async () =>
    expect(
      await device.database.use("looking", (connection) => connection.getAll("activations")),
    ).toContainEqual(expect.objectContaining({ current })),
  );
  await model.dispose();
  const later = await device.visit({}, options);
  expect([later.info.version, later.info.backend]).toEqual(["2.0.0", "webgpu"]);
});

test("a registry that cannot be asked is not why nothing serves", async () => {
  const options = { backend: "webgpu" } as const;
  device.places = WRONG;
  await expect(device.visit({}, options)).rejects.toMatchObject({ code: "no-candidate" });
  await eventually(async () => expect(await device.stored()).toHaveLength(2));
  device.registry.intercept = () => new Response(null, { status: 403 });
  await expect(device.visit({}, options)).rejects.toMatchObject({ code: "no-candidate" });
});

test("what another version fails at is not held against the one that was right", async () => {
  device.places = { "fp32 NHWC": FAST };
  const first = await device.visit();
  await until(first, { wasm: "standby", "fp32 NHWC": "serving", "fp32 NCHW": "slower" });
  const { digest } = first.info;
  await first.dispose();
  const verdicts = async () =>
    (await device.stored()).map(({ digest: of, outcome }) => [of === digest, outcome]);
  await eventually(async () => expect(await verdicts()).toContainEqual([true, "proven"]));
  const before = (await verdicts()).filter(([isFirst]) => isFirst);

  device.registry.publish(await second());
  device.places = WRONG;
  const model = await device.visit({}, { backend: ["webgpu", "wasm"] });
  expect(standings(model)["wasm"]).toBe("serving");
  await eventually(async () => expect(await verdicts()).toContainEqual([false, "failed"]));
  expect((await verdicts()).filter(([isFirst]) => isFirst)).toEqual(before);
});
