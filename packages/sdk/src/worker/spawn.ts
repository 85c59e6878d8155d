import { SelvedgeError } from "@selvedge/protocol";

/** A worker's script, or a function that starts it. Replaces the one that ships with the package. */
export type WorkerSource = URL | string | (() => Worker);

// Bundlers look for exactly this expression, so each stands once, here.

export function spawnKeeper(source?: WorkerSource): Worker {
  return started("keeper", () =>
    source === undefined
      ? new Worker(new URL("./keeper.js", import.meta.url), {
          type: "module",
          name: "selvedge-keeper",
        })
      : spawn(source, "selvedge-keeper"),
  );
}

export function spawnEngine(source?: WorkerSource): Worker {
  return started("engine", () =>
    source === undefined
      ? new Worker(new URL("./engine.js", import.meta.url), {
          type: "module",
          name: "selvedge-engine",
        })
      : spawn(source, "selvedge-engine"),
  );
}

function spawn(source: WorkerSource, name: string): Worker {
  return typeof source === "function" ? source() : new Worker(source, { type: "module", name });
}

function started(title: string, start: () => Worker): Worker {
  try {
    return start();
  } catch (cause) {
    throw new SelvedgeError(
      "engine-crashed",
      `The ${title} worker could not be started (${cause instanceof Error ? cause.message : String(cause)}). Check that the worker's script is served and that the page's CSP allows it.`,
      { cause },
    );
  }
}
