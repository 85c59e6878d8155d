import { describe, expect, test } from "vitest";
import { afterInstall, afterRemoval, afterVerdict, isRefused } from "./activation-rules.ts";
import type { ActivationRecord, PackChoice } from "./database.ts";

const choice = (name: string): PackChoice => ({ digest: name.repeat(64), dtype: "fp32" });
const [first, second, third] = [choice("1"), choice("2"), choice("3")] as const;
const RUNTIME = "runtime 1";
const refusal = ({ digest }: PackChoice) => ({ digest, runtime: RUNTIME });
const proven = (extra: Partial<ActivationRecord> = {}): ActivationRecord => ({
  current: first,
  isProven: true,
  refused: [],
  ...extra,
});
const judge = (
  before: ActivationRecord,
  verdict: "proven" | "refused" | "lost" | "dropped",
  { of, canGoBack = true }: { of: PackChoice; canGoBack?: boolean },
) => afterVerdict(before, { choice: of, verdict, runtime: RUNTIME, canGoBack });

describe("installing", () => {
  test("the first pack answers at once, unproven", () => {
    expect(afterInstall(undefined, first, "next")).toEqual({
      current: first,
      isProven: false,
      refused: [],
    });
  });

  test("an update waits beside what answers", () => {
    expect(afterInstall(proven(), second, "next")).toEqual(proven({ next: second }));
  });

  test("what answers already stays as it is, whatever it is installed as", () => {
    const before = proven({ next: second });
    expect(afterInstall(before, first, "next")).toBe(before);
    expect(afterInstall(before, first, "current")).toBe(before);
  });

  test("a pack that takes the place of a lost one keeps what was proven to go back to", () => {
    expect(afterInstall(proven({ next: second }), second, "current")).toEqual({
      current: second,
      isProven: false,
      lastGood: first,
      refused: [],
    });
  });

  test("one that was never proven is not gone back to", () => {
    const before = proven({ isProven: false, lastGood: third });
    expect(afterInstall(before, second, "current")?.lastGood).toEqual(third);
  });

  test("another variant of a pack answers for nothing", () => {
    expect(afterInstall(undefined, first, "part")).toBeUndefined();
    const before = proven();
    expect(afterInstall(before, second, "part")).toBe(before);
  });
});

describe("a verdict", () => {
  test("proven: the update answers, and what did is kept", () => {
    expect(judge(proven({ next: second }), "proven", { of: second })).toEqual(
      proven({ current: second, lastGood: first }),
    );
  });

  test("proven: what failed is not kept, but what served before it", () => {
    const before = proven({
      isProven: false,
      lastGood: third,
      next: second,
      refused: [refusal(first)],
    });
    expect(judge(before, "proven", { of: second }).lastGood).toEqual(third);
  });

  test("proven: what served unproven is proven", () => {
    expect(judge(proven({ isProven: false }), "proven", { of: first })).toEqual(proven());
  });

  test("refused: the update is given up, and what answers goes on", () => {
    expect(judge(proven({ next: second }), "refused", { of: second })).toEqual(
      proven({ refused: [refusal(second)] }),
    );
  });

  test("refused: what answers gives way to what served before it", () => {
    const before = proven({ current: second, lastGood: first, next: third });
    expect(judge(before, "refused", { of: second })).toEqual(
      proven({ next: third, refused: [refusal(second)] }),
    );
  });

  test("refused: with nothing to go back to it stays, and is known to have failed", () => {
    const before = proven({ isProven: false });
    const after = judge(before, "refused", { of: first, canGoBack: false });
    expect(after).toEqual({ ...before, refused: [refusal(first)] });
  });

  test("lost: what served before answers, and the lost one may come back", () => {
    const before = proven({ current: second, lastGood: first });
    expect(judge(before, "lost", { of: second })).toEqual(proven());
  });

  test("lost, and not to be replaced: nothing changes", () => {
    const before = proven({ current: second, lastGood: first });
    expect(judge(before, "lost", { of: second, canGoBack: false })).toEqual(before);
  });

  test("dropped: the registry no longer names the update, which has not failed", () => {
    expect(judge(proven({ next: second }), "dropped", { of: second })).toEqual(proven());
    const before = proven({ lastGood: second });
    expect(judge(before, "dropped", { of: first })).toEqual(before);
  });

  test.each(["proven", "refused", "lost", "dropped"] as const)(
    "%s on a pack that another tab has replaced changes nothing",
    (verdict) => {
      const before = proven({ current: second, lastGood: first });
      expect(judge(before, verdict, { of: third })).toEqual(before);
    },
  );
});

describe("failures", () => {
  test("are of a pack and a runtime", () => {
    const record = proven({ refused: [refusal(second)] });
    expect(isRefused(record, second.digest, RUNTIME)).toBe(true);
    expect(isRefused(record, first.digest, RUNTIME)).toBe(false);
    expect(isRefused(record, second.digest, "runtime 2")).toBe(false);
    expect(isRefused(undefined, first.digest, RUNTIME)).toBe(false);
  });

  test("are remembered once each, and for the latest packs only", () => {
    const names = ["2", "3", "2", "4", "5", "6", "7", "8", "9", "a"];
    let record = proven();
    for (const name of names)
      record = judge({ ...record, next: choice(name) }, "refused", { of: choice(name) });
    expect(record.refused).toEqual(
      ["2", "4", "5", "6", "7", "8", "9", "a"].map((name) => refusal(choice(name))),
    );
  });
});

describe("deleting packs", () => {
  const isGone =
    (...gone: PackChoice[]) =>
    ({ digest }: PackChoice) =>
      gone.some((one) => one.digest === digest);

  test("leaves nothing to answer where that was deleted", () => {
    expect(afterRemoval(proven({ lastGood: second }), isGone(first))).toBeUndefined();
  });

  test("takes away what was to come and what could be gone back to", () => {
    const before = proven({ lastGood: second, next: third });
    expect(afterRemoval(before, isGone(second))).toEqual(proven({ next: third }));
    expect(afterRemoval(before, isGone(third))).toEqual(proven({ lastGood: second }));
  });
});
