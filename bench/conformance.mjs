import { fork } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** Where Debian's libonnx-testdata puts the official tests. */
const DEBIAN = "/usr/share/libonnx-testdata/data";

/** Far more than any of these tests takes, on a busy machine too. */
const DEADLINE_MS = 120_000;

/** How `pack` refuses a variant that saves nothing. */
const NOT_SMALLER = /it takes \d+ bytes, and fp32 takes/;

/** How many of the official ONNX tests answer packed as they do unpacked, and every exception. */
export async function measureConformance() {
  const folder = process.env["SELVEDGE_ONNX_TESTS"] ?? DEBIAN;
  const tests = existsSync(folder) ? officialTests(folder) : [];
  if (tests.length === 0) {
    console.error(
      `${folder} holds no official ONNX tests. Install Debian's libonnx-testdata, or say in SELVEDGE_ONNX_TESTS where onnx/backend/test/data is.`,
    );
    process.exit(1);
  }
  const verdicts = new Map();
  const queue = [...tests];
  const judging = Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
    const judge = new Judge();
    for (let test = queue.shift(); test !== undefined; test = queue.shift())
      verdicts.set(test, await judge.judge(join(folder, test)));
    judge.close();
  });
  await Promise.all(judging);
  return summaryOf(tests.map((test) => [test, verdicts.get(test)]));
}

function officialTests(folder) {
  const inside = (path) => readdirSync(path).sort();
  return inside(folder)
    .flatMap((suite) => inside(join(folder, suite)).map((name) => `${suite}/${name}`))
    .filter((test) => existsSync(join(folder, test, "model.onnx")));
}

/** A process that judges tests one after the other, and is replaced where one takes it down. */
class Judge {
  #process;

  async judge(folder) {
    this.#process ??= fork(new URL("./conformance-worker.mjs", import.meta.url));
    const child = this.#process;
    const verdict = await new Promise((resolve) => {
      const lose = (reason) => resolve({ unpacked: { outcome: "lost", reason } });
      const timer = setTimeout(() => lose(`took longer than ${DEADLINE_MS} ms`), DEADLINE_MS);
      const ended = (code, signal) => {
        clearTimeout(timer);
        lose(`its process ended with ${signal ?? code}`);
      };
      child.once("exit", ended);
      child.once("message", (message) => {
        clearTimeout(timer);
        child.off("exit", ended);
        resolve(message);
      });
      child.send(folder);
    });
    if (verdict.unpacked.outcome === "lost") this.close();
    return verdict;
  }

  close() {
    this.#process?.kill("SIGKILL");
    this.#process = undefined;
  }
}

/** Outcomes by what was judged, and whatever is not the same packed as unpacked, with the reason. */
function summaryOf(verdicts) {
  const counts = {};
  const reasons = {};
  const exceptions = [];
  for (const [test, { opset: _, ...judged }] of verdicts)
    for (const [what, { outcome, reason }] of Object.entries(judged)) {
      counts[what] ??= {};
      counts[what][outcome] = (counts[what][outcome] ?? 0) + 1;
      if (outcome === "same" || outcome === "runs") continue;
      // That a few numbers do not become smaller says nothing, and it is so of nearly all.
      const isCommon = outcome === "refused" && NOT_SMALLER.test(reason);
      if (!isCommon && what !== "unpacked") exceptions.push({ test, what, outcome, reason });
      const key = `${what} ${outcome}: ${isCommon ? "not smaller than fp32" : reason}`;
      reasons[key] = (reasons[key] ?? 0) + 1;
    }
  return { tests: verdicts.length, counts, reasons, exceptions };
}
