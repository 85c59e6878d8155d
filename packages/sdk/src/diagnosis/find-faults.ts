import type { AssetCheck } from "./asset-checks.ts";
import type { DiagnosisFacts, Finding } from "./diagnosis-facts.ts";

/** Of a quota, how much may be taken before it is worth saying. */
const NEARLY_FULL = 0.9;

/** How many files a sentence names before it counts. */
const NAMED = 3;

const fault = (message: string): Finding => ({ level: "fault", message });
const hint = (message: string): Finding => ({ level: "hint", message });

/** What of a diagnosis someone should know: faults first, each with what to do about it. */
export function findFaults(facts: DiagnosisFacts): Finding[] {
  const found = [
    ...ofPage(facts),
    ...ofEngine(facts),
    ...ofAssets(facts),
    ...ofLoads(facts),
    ...ofStore(facts),
    ...ofMemory(facts),
    ...ofStarts(facts),
    ...ofGpu(facts),
  ];
  return found.sort((a, b) => Number(a.level === "hint") - Number(b.level === "hint"));
}

function* ofPage({ device }: DiagnosisFacts): Iterable<Finding> {
  if (!device.isSecureContext)
    yield fault(
      "The page is not a secure context, so no model can be verified. Serve it over https, or from localhost.",
    );
  if (!device.hasWasmSimd)
    yield fault(
      "This browser's WebAssembly has no SIMD, which the runtimes are built with. Update the browser, or use another.",
    );
  if (device.saveData)
    yield hint(
      "The browser is asked to save data: unless meteredDownloads says otherwise, updates wait, and only what a load waits for is fetched.",
    );
}

function* ofEngine({ engine }: DiagnosisFacts): Iterable<Finding> {
  if (engine.state === "failed")
    yield fault(
      `The engine worker does not start: ${engine.reason} Check that the package's worker scripts are served from the page's own origin as text/javascript, and that worker-src of the page's content security policy allows them.`,
    );
  if (engine.state === "started" && !engine.canCompileWasm)
    yield fault(
      "The content security policy that the engine worker's script comes with forbids WebAssembly. Add 'wasm-unsafe-eval' to its script-src; a worker does not take the page's policy.",
    );
}

function* ofAssets({ assets: { address, files }, device }: DiagnosisFacts): Iterable<Finding> {
  const unusable = files.filter(({ state }) => state === "wrong" || state === "unreachable");
  for (const [reason, those] of groupBy(unusable, ({ reason }) => reason ?? "")) {
    const lacking = [...new Set(those.flatMap(({ neededFor }) => neededFor))];
    const says = device.isOnline || those.some(({ state }) => state === "wrong") ? fault : hint;
    const level = lacking.includes("wasm") ? says : hint;
    yield level(
      `${listed(those)} below ${address}: ${reason}. ${lacking.join(", ")} cannot start without that. ${adviceFor(reason)}`,
    );
  }
}

function adviceFor(reason: string): string {
  if (reason.startsWith("it is served"))
    return "Set the type for that ending in the host's configuration.";
  if (reason.startsWith("the host could not be asked"))
    return "Check the connection, connect-src of the page's content security policy, and, where assets is another origin, its CORS headers.";
  return 'Run "selvedge assets --out DIR" of this version, host DIR, and pass its address as assets to createSelvedge.';
}

function* ofLoads({ failures }: DiagnosisFacts): Iterable<Finding> {
  const latest = new Map(failures.map((failure) => [failure.model, failure]));
  const reasons = groupBy([...latest.values()], ({ code, message }) => `(${code}): ${message}`);
  for (const [reason, those] of reasons)
    yield fault(`${those.map(({ model }) => model).join(", ")} could not be loaded ${reason}`);
}

function* ofStore({ store, device: { storage } }: DiagnosisFacts): Iterable<Finding> {
  if (!storage.hasIndexedDb || store.kind === "unavailable")
    yield fault(
      `What is fetched cannot be stored${store.reason ? `: ${store.reason}` : "."} Models run from memory and are fetched again on each visit; allow site data for this page.`,
    );
  else if (store.kind === "memory")
    yield hint(`A model runs from memory, and goes with the page: ${store.reason ?? ""}`);
  const { usage = 0, quota = Number.POSITIVE_INFINITY, isPersisted } = storage;
  if (usage > quota * NEARLY_FULL)
    yield hint(
      "The site's storage is nearly full: the next model may run from memory. Delete models with selvedge.cache.delete(), or free disk space.",
    );
  if (isPersisted === false && store.packs.length > 0)
    yield hint(
      "The browser may evict what is stored when it runs short. selvedge.cache.persist() asks it not to.",
    );
}

function* ofMemory({ memory: { usedBytes, budgetBytes } }: DiagnosisFacts): Iterable<Finding> {
  if (usedBytes > budgetBytes)
    yield hint(
      "Models that are in use take more memory than they are held to. Those used longest ago are suspended and start again with their next call; dispose of what is not needed, or raise memory.budgetBytes.",
    );
}

function* ofStarts({ models }: DiagnosisFacts): Iterable<Finding> {
  for (const { name, start } of models)
    if (start.code === "wrong" || start.code === "failed")
      yield hint(`${name} is loaded where it could be woken: ${start.reason}`);
  const trapped = models.filter(({ start }) => start.trap !== undefined);
  if (trapped.length > 0)
    yield hint(
      `The runtime that was fitted lacks functions that ${trapped.map(({ name }) => name).join(", ")} needs: another did what it could not. Fit it anew, to the dims that are used, with "selvedge assets --fit".`,
    );
}

function* ofGpu({ device: { gpu }, engine }: DiagnosisFacts): Iterable<Finding> {
  if (!gpu.found) yield hint(`Models run on WASM alone: ${gpu.reason}.`);
  else if (gpu.isFallback)
    yield hint(
      `Models run on WASM alone: ${gpu.description} is a fallback adapter, software that passes for a GPU. Hardware acceleration may be switched off in the browser's settings.`,
    );
  else if (engine.state === "started" && !engine.hasGpu)
    yield hint("Models run on WASM alone: this browser has WebGPU on pages, but not in workers.");
}

function listed(files: readonly AssetCheck[]): string {
  const names = files.slice(0, NAMED).map(({ file }) => file.slice(file.indexOf("/") + 1));
  const more = files.length - names.length;
  return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}
