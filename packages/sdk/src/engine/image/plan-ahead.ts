import type { Database, RuntimeIndexRecord } from "../../store/database.ts";
import type { RuntimeRequest } from "../../worker/engine-api.ts";
import { askAgain, findIndex, storedIndex } from "./known-index.ts";
import { USUAL, type WasmPlan } from "./wasm-plan.ts";

const REASON = "the worker was not started to wake anything";

/** What a first visit waits for the host to say, most of which it has asked it for already. */
const NEW_WAIT_MS = 200;

/**
 * Which wasm to compile while nothing is known of the pack. One that was right the last time is being
 * compiled already, and is held against what is known of runtimes. Without it the usual one streams at
 * once; where the host turns out to have a smaller one that loads whatever is installed, that is taken in
 * its place. The question goes out beside the wasm: where there is no answer, or none in time, nothing
 * has waited for it, but for a moment where the page has never started a runtime: all of one is three
 * times what is likely needed of it, and downloading the pack takes longer.
 */
export function planAhead(database: Database): (request: RuntimeRequest) => Promise<WasmPlan> {
  return async (request) => {
    const stored = storedIndex(database, request.assets).catch(() => undefined);
    const better = findFitted(database, request, stored).catch(() => undefined);
    const usual = { wasm: USUAL, reason: REASON };
    const meanwhile = { ...usual, better };
    if (request.isNew === true)
      return (await Promise.race([better, passing(NEW_WAIT_MS)])) ?? meanwhile;
    // The host is not waited for: it may be out of reach, and the wasm cached.
    if (request.early === undefined || (await stored) === undefined) return meanwhile;
    return (await better) ?? usual;
  };
}

async function findFitted(
  database: Database,
  { assets, build, engine, module, isFull = false }: RuntimeRequest,
  stored: Promise<RuntimeIndexRecord | undefined>,
): Promise<WasmPlan | undefined> {
  if (build !== "wasm" || engine !== "onnx" || module !== undefined || isFull) return undefined;
  const index = await findIndex(database, assets, stored);
  if (index?.load === undefined) return undefined;
  const { packs } = index.load;
  const active = await database.read(
    { doing: "looking for runtimes", stores: ["activations"], nothing: [] },
    ({ store }) => store.getAll(),
  );
  // Any of them may be what is opened, and one that nothing was fitted to may trap on every visit.
  if (!active.every(({ current }) => packs.includes(current.digest))) return;
  const onLack = () => askAgain(database, assets);
  return {
    wasm: { kind: "load", ref: index.load },
    index,
    reason: "a fitted runtime is there",
    onLack,
  };
}

function passing(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined));
}
