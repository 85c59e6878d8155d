import { afterEach, expect, test, vi } from "vitest";
import type { LoadRooms } from "../serving/load-rooms.ts";
import type { Served } from "../serving/served.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import { useGpu } from "./contesting-device.fixture.ts";
import { survey } from "./survey.ts";

afterEach(() => vi.unstubAllGlobals());

const GIB = 2 ** 30;

test("what serves on WASM is not turned down there, whatever it was taken to need", async () => {
  useGpu("nvidia");
  const variant = (dtype: "fp32" | "q4" | "q8", memoryBytes: number) => {
    const known = { engine: "onnx", requires: [], largestTensorBytes: 1 };
    return { ...known, dtype, backends: ["wasm" as const], bytes: 1, memoryBytes };
  };
  const variants = [variant("fp32", 5 * GIB), variant("q4", 5 * GIB), variant("q8", GIB)];
  const opened = { digest: "d", engine: "onnx", dtype: "fp32", variants } as Partial<
    Served["opened"]
  >;
  const rooms = { gpu: {} } as LoadRooms;
  const found = await survey(rooms, { dtype: "auto" } as PackSelector, { opened } as Served);
  const onWasm = found.rejected.filter(({ place }) => place.backend === "wasm");
  expect(onWasm).toMatchObject([{ dtype: "q4", reason: expect.stringContaining("of memory") }]);
});
