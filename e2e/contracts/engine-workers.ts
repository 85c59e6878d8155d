import type { Visit } from "./visit.ts";

/** Engine workers that a contract starts itself, to have a hand on them. */
export interface EngineWorkers {
  /** For the option `workers.engine`. */
  readonly spawn: () => Worker;
  /** Those that were started, in order. */
  readonly started: readonly Worker[];
}

/** The engine as it is. */
export function engineWorkers({ engineScript }: Visit): EngineWorkers {
  return startedFrom(engineScript);
}

/** The engine in a browser that lacks something, such as `SharedArrayBuffer`; the page lacks it too. */
export function withoutInWorker({ engineScript }: Visit, names: readonly string[]): EngineWorkers {
  const deletion = names.map((name) => `delete globalThis.${name};`).join("\n");
  for (const name of names) {
    const path = name.split(".");
    const owner = path.length === 1 ? globalThis : WebAssembly;
    Reflect.deleteProperty(owner, path.at(-1) ?? "");
  }
  // Imports are done in order, and before anything else of a module.
  const lines = [scriptUrl(deletion), engineScript].map((url) => `import ${JSON.stringify(url)};`);
  return startedFrom(scriptUrl(lines.join("\n")));
}

function startedFrom(script: string): EngineWorkers {
  const started: Worker[] = [];
  return {
    started,
    spawn() {
      const worker = new Worker(script, { type: "module" });
      started.push(worker);
      return worker;
    },
  };
}

function scriptUrl(script: string): string {
  return URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
}
