import { expect, test } from "vitest";
import { commitToTensors } from "./commit-to-tensors.ts";
import type { TensorDigest } from "./prediction-record.ts";

const x: TensorDigest = { dtype: "float32", dims: [1, 4], sha256: "1".repeat(64) };
const y: TensorDigest = { dtype: "int64", dims: [2], sha256: "2".repeat(64) };
const SALT = "0".repeat(32);

test("the same tensors are told in the same way, in whatever order they are named", async () => {
  expect(await commitToTensors(SALT, { x, y })).toBe(await commitToTensors(SALT, { y, x }));
});

test("another salt, name, type, shape or byte is told in another way", async () => {
  const told = await Promise.all([
    commitToTensors(SALT, { x }),
    commitToTensors("1".repeat(32), { x }),
    commitToTensors(SALT, { z: x }),
    commitToTensors(SALT, { x: { ...x, dtype: "int32" } }),
    commitToTensors(SALT, { x: { ...x, dims: [4, 1] } }),
    commitToTensors(SALT, { x: { ...x, sha256: "3".repeat(64) } }),
    commitToTensors(SALT, { x, y }),
  ]);
  expect(new Set(told).size).toBe(told.length);
});

test("no digest is told as it is", async () => {
  expect(await commitToTensors(SALT, { x })).not.toContain(x.sha256);
});
