import { SelvedgeError } from "@selvedge/protocol";
import { expect, test } from "vitest";
import type { Build, Layout } from "../worker/engine-api.ts";
import type { WorthTrying } from "./candidates.ts";
import { ruledOut } from "./rule-out.ts";

function rung(build: Build, layout: Layout, dtype: WorthTrying["dtype"] = "fp32"): WorthTrying {
  const place = { backend: "webgpu", build, layout, features: [] } as const;
  const rest = { dtype, bytes: 1, reason: "" };
  return build === "webgpu" ? { place, ...rest, standsInFor: "jspi" } : { place, ...rest };
}

const failure = (code: SelvedgeError["code"]) => new SelvedgeError(code, `it was ${code}`);
const WRONG = failure("no-candidate");

test("nothing is ruled out before anything was tried", () => {
  expect(ruledOut(rung("webgpu", "NHWC"), [])).toBeUndefined();
});

test("a wrong answer rules out the other build at that layout, and not the other layout", () => {
  const tried = [{ rung: rung("jspi", "NHWC"), error: WRONG }];
  expect(ruledOut(rung("webgpu", "NHWC"), tried)).toEqual({
    state: "rejected",
    reason: expect.stringContaining("the same kernels"),
  });
  expect(ruledOut(rung("jspi", "NCHW"), tried)).toBeUndefined();
  expect(ruledOut(rung("webgpu", "NCHW"), tried)).toBeUndefined();
  expect(ruledOut(rung("webgpu", "NHWC", "fp16"), tried)).toBeUndefined();
});

test("a stand-in waits where the build that it stands in for is right", () => {
  const tried = [{ rung: rung("jspi", "NHWC") }];
  expect(ruledOut(rung("webgpu", "NHWC"), tried)).toMatchObject({ state: "waiting" });
});

test.each(["session-failed", "run-failed", "engine-timeout"] as const)(
  "a stand-in is tried where the build failed otherwise: %s",
  (code) => {
    const tried = [{ rung: rung("jspi", "NHWC"), error: failure(code) }];
    expect(ruledOut(rung("webgpu", "NHWC"), tried)).toBeUndefined();
  },
);

test("a build whose files are not there is asked for once", () => {
  const tried = [{ rung: rung("jspi", "NHWC"), error: failure("assets-missing") }];
  expect(ruledOut(rung("jspi", "NCHW"), tried)).toEqual({
    state: "rejected",
    reason: "it was assets-missing",
  });
  expect(ruledOut(rung("webgpu", "NHWC"), tried)).toBeUndefined();
});

test("a precision that could not be fetched is asked for once, and another is tried", () => {
  const tried = [{ rung: rung("jspi", "NHWC"), error: failure("network") }];
  expect(ruledOut(rung("jspi", "NCHW"), tried)).toEqual({
    state: "rejected",
    reason: "it was network",
  });
  expect(ruledOut(rung("webgpu", "NHWC"), tried)).toEqual({
    state: "rejected",
    reason: "it was network",
  });
  expect(ruledOut(rung("jspi", "NHWC", "fp16"), tried)).toBeUndefined();
});
