import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../run-cli.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "selvedge-cli-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function replay(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    out: (line: string) => out.push(line),
    err: (line: string) => err.push(line),
    progress: () => {},
  };
  return { status: await runCli(["replay", ...args], terminal), out, err };
}

test("a command line without a file or a registry is a usage error", async () => {
  expect(await replay("--registry", folder)).toMatchObject({
    status: 2,
    err: [expect.stringContaining("FILE is missing")],
  });
  expect(await replay("x.json")).toMatchObject({
    status: 2,
    err: [expect.stringContaining("--registry DIR is missing")],
  });
});

test("a file that is not there, or is no captured prediction, is said to be wrong in one line", async () => {
  const missing = join(folder, "missing.json");
  const foreign = join(folder, "foreign.json");
  await writeFile(foreign, '{"format": "something else"}');
  for (const file of [missing, foreign]) {
    const { status, out, err } = await replay(file, "--registry", folder, "--json");
    expect([status, out, err.length]).toEqual([1, [], 1]);
    expect(err[0]).toContain(file);
  }
});
