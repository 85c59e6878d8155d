import { beforeEach, expect, test } from "vitest";
import { addModel, modelFile, temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import { promote } from "../promote.ts";
import { fittedPacks } from "./fitted-packs.ts";

let registry: string;
const packs = async () =>
  (await fittedPacks(registry)).map(({ manifest }) => `${manifest.name}@${manifest.version}`);

beforeEach(async () => {
  registry = await temporaryFolder();
  const model = await modelFile(addModel());
  for (const version of ["1.2.0", "1.9.0", "1.10.0", "1.10.0-rc.2"])
    await pack({ model, name: "m", version, registry });
});

test("the newest version is fitted to where no channel serves any", async () => {
  expect(await packs()).toEqual(["m@1.10.0"]);
});

test("so is every version that a channel serves", async () => {
  await promote({ name: "m", version: "1.9.0", channel: "stable", registry });
  expect(await packs()).toEqual(["m@1.9.0", "m@1.10.0"]);
});
