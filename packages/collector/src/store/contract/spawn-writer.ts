import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const here = dirname(fileURLToPath(import.meta.url));

/** Where the child finds the store: a source file and its exported function that opens a path. */
export interface StoreModule {
  readonly file: string;
  readonly open: string;
}

/** Makes a script that runs `writeUntilKilled` on a store; Node itself cannot run TypeScript. */
export async function buildWriter(store: StoreModule, outputDir: string): Promise<string> {
  const entry = "writer-entry";
  const bundle = await rolldown({
    input: entry,
    platform: "node",
    resolve: { alias: { "@selvedge/protocol": join(here, "../../../../protocol/src/index.ts") } },
    plugins: [
      {
        name: "writer",
        resolveId: (id) => {
          if (id === entry) return id;
          // The script lies outside of the workspace, so that packages are named by their place.
          const isPackage = /^@duckdb\//.test(id);
          return isPackage ? { id: import.meta.resolve(id), external: true } : null;
        },
        load: (id) =>
          id === entry
            ? `import { ${store.open} as open } from ${JSON.stringify(store.file)};
               import { writeUntilKilled } from ${JSON.stringify(join(here, "write-until-killed.ts"))};
               await writeUntilKilled(open);`
            : null,
      },
    ],
  });
  const file = join(outputDir, "writer.mjs");
  await bundle.write({ file, format: "esm" });
  await bundle.close();
  return file;
}

/** A child that writes. */
export interface Writer {
  /** Resolves once it begins to open its store. */
  opening(): Promise<void>;
  /** Resolves once so many batches have been acknowledged. */
  acknowledged(count: number): Promise<void>;
  /** Ends the child with -9, and answers which batches it had acknowledged. */
  kill(): Promise<readonly number[]>;
}

/** Runs the script on a path, beginning with the `first`-th batch. */
export function spawnWriter(script: string, path: string, first = 0): Writer {
  const child = spawn(process.execPath, [script, path, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const ended = once(lines, "close");
  let isOpening = false;
  const seen: number[] = [];
  lines.on("line", (line) => {
    if (line === "opening") isOpening = true;
    else seen.push(Number(line));
  });
  const until = async (isReached: () => boolean): Promise<void> => {
    while (!isReached())
      await Promise.race([
        once(lines, "line"),
        ended.then(() =>
          Promise.reject(new Error(`the writer ended after ${seen.length} batches`)),
        ),
      ]);
  };
  return {
    opening: () => until(() => isOpening),
    acknowledged: (count) => until(() => seen.length >= count),
    kill: async () => {
      child.kill("SIGKILL");
      await Promise.all([exited, ended]);
      return seen;
    },
  };
}
