import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type RuntimeIndex, SelvedgeError, sha256 } from "@selvedge/protocol";
import { messageOf } from "../message-of.ts";
import { countCalls } from "../wasm/count-calls.ts";
import { emptyData } from "../wasm/data-segments.ts";
import { keepCalled } from "../wasm/keep-called.ts";
import { definedIn } from "../wasm/module-parts.ts";
import { readSections, SECTION } from "../wasm/sections.ts";
import { fittedPacks } from "./fitted-packs.ts";
import { profileSession, tryFitted } from "./profile-session.ts";
import { packVariants } from "./profiled-models.ts";
import type { TrialSettings } from "./trial-request.ts";
import type { InputDims } from "./varied-inputs.ts";

/** What a runtime is fitted to. */
export interface FitOptions {
  readonly registry: string;
  /** The folder of the runtime's files. */
  readonly folder: string;
  /** Files in it that the index does not name: onnxruntime-web's JavaScript, and the SDK's shim. */
  readonly files: { readonly api: string; readonly shim: string };
  readonly index: RuntimeIndex;
  /** How devices create sessions; the first is how most do. */
  readonly settings: readonly TrialSettings[];
  /** By model: dims of inputs that devices have met, besides those that are made up. */
  readonly dims?: Readonly<Record<string, readonly InputDims[]>> | undefined;
  readonly onProgress?: ((progress: FitProgress) => void) | undefined;
  /**
   * The longest that one session may take for everything, in milliseconds.
   *
   * @default 600,000
   */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How far fitting has come. */
export interface FitProgress {
  /** Name, version and precision of what is profiled. */
  readonly title: string;
  readonly done: number;
  readonly all: number;
}

/** A wasm that was fitted. */
export interface FittedBytes {
  readonly wasm: Uint8Array<ArrayBuffer>;
  /** How many functions it kept. */
  readonly functions: number;
}

/** What came of fitting a runtime. */
export interface FitResult {
  /** Digests of the packs that it was fitted to, sorted. */
  readonly packs: readonly string[];
  readonly load: FittedBytes;
  /** Absent where the runtime cannot be woken. */
  readonly run?: FittedBytes;
  /** Each model in each precision: how many functions it called. */
  readonly models: readonly {
    readonly title: string;
    readonly load: number;
    readonly run: number;
  }[];
  /** Settings that a model does not load with: no device will choose them. */
  readonly warnings: readonly string[];
}

const TIMEOUT_MS = 600_000;

/**
 * Fits a runtime to a registry's models: whatever none of them calls, as it is loaded and run here, traps,
 * and so do the branches of large functions that none of them takes.
 * Each is tried again in what was fitted, before that is given out.
 *
 * @throws SelvedgeError `not-found`, `manifest-invalid`, `channel-invalid` or `integrity` for what is wrong
 * with registry or folder, `unsupported` for a wasm that cannot be taken apart, `session-failed` or
 * `golden-failed` for a model that does not run as it did.
 */
export async function fitRuntime(options: FitOptions): Promise<FitResult> {
  const { folder, files, index, settings, dims = {}, signal, timeoutMs = TIMEOUT_MS } = options;
  const limits = { timeoutMs, signal };
  const full = await fullWasm(folder, index);
  const packs = await fittedPacks(options.registry);
  const variants = packVariants(packs, dims);
  if (variants.length === 0) throw nothingToFit(options.registry);
  const url = (file: string) => pathToFileURL(join(folder, file)).href;
  const [api, shim] = [url(files.api), url(files.shim)];
  const urls = { api, shim, glue: url(index.glue.file), wasm: url(index.full.file) };
  const runtime = { files: urls, facts: index.waking };
  const module = await WebAssembly.compile(countedCalls(full, index.full.file));
  const profiles: Profile[] = [];
  const warnings: string[] = [];
  for (const [i, { title, read }] of variants.entries()) {
    const model = await read();
    const profile: Profile = { title, load: new Set(), run: new Set(), answers: [] };
    for (const [j, one] of settings.entries()) {
      const done = i * settings.length + j;
      options.onProgress?.({ title, done, all: variants.length * settings.length });
      try {
        const how = { ...runtime, module, settings: one };
        const { load, run, answers } = await profileSession(model, how, limits);
        for (const call of load) profile.load.add(call);
        for (const call of run) profile.run.add(call);
        if (j === 0) profile.answers = answers;
      } catch (error) {
        if (error instanceof SelvedgeError || signal?.aborted === true) throw error;
        if (j === 0) throw doesNotRun(title, error);
        const why = messageOf(error);
        warnings.push(`${title} does not run with ${JSON.stringify(one)}: ${why}.`);
      }
    }
    profiles.push(profile);
  }
  const load = keep(full, profiles, "load");
  const run = index.waking && keep(full, profiles, "run");
  const modules = {
    load: await WebAssembly.compile(load.wasm),
    ...(run && { run: await WebAssembly.compile(run.wasm) }),
  };
  for (const [i, { title, read }] of variants.entries()) {
    const how = { ...runtime, ...modules, settings: settings[0] ?? {} };
    await tryFitted(await read(), how, profiles[i]?.answers ?? [], limits).catch((error) => {
      if (error instanceof SelvedgeError || signal?.aborted === true) throw error;
      throw notFitted(title, error);
    });
  }
  return {
    packs: packs.map(({ digest }) => digest).sort(),
    load,
    ...(run && { run }),
    models: profiles.map(({ title, load, run }) => ({
      title,
      load: functionsOf(full, load),
      run: functionsOf(full, run),
    })),
    warnings,
  };
}

interface Profile {
  readonly title: string;
  readonly load: Set<number>;
  readonly run: Set<number>;
  answers: readonly string[];
}

function keep(
  full: Uint8Array,
  profiles: readonly Profile[],
  purpose: "load" | "run",
): FittedBytes {
  const called = new Set(profiles.flatMap((profile) => [...profile[purpose]]));
  const wasm = keepCalled(full, called);
  const functions = functionsOf(full, called);
  return { wasm: purpose === "run" ? emptyData(wasm) : wasm, functions };
}

/** How many of what was called are functions: branches are counted on behind them. */
function functionsOf(full: Uint8Array, called: ReadonlySet<number>): number {
  const defined = definedIn(readSections(full), SECTION.code);
  return [...called].filter((call) => call < defined).length;
}

async function fullWasm(folder: string, { full }: RuntimeIndex): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(folder, full.file);
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes !== undefined && (await sha256(bytes)) === full.sha256) return bytes;
  throw new SelvedgeError(
    "integrity",
    `${path} is not the wasm that its index speaks of. Run "selvedge assets" again.`,
  );
}

/** @throws SelvedgeError `unsupported` where it is not a wasm that can be taken apart */
function countedCalls(full: Uint8Array, file: string): Uint8Array<ArrayBuffer> {
  try {
    return countCalls(full);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new SelvedgeError(
      "unsupported",
      `${file} cannot be fitted to anything: ${cause.message}. Host the runtime without --fit.`,
      { cause },
    );
  }
}

function nothingToFit(registry: string): SelvedgeError {
  return new SelvedgeError(
    "not-found",
    `No model in ${registry} runs in onnxruntime's WASM: there is nothing to fit it to. Host the runtime without --fit.`,
  );
}

/** It ran in the full runtime: what it called there is not what it calls now. */
function notFitted(title: string, cause: unknown): SelvedgeError {
  return new SelvedgeError(
    "session-failed",
    `${title} does not run in what was fitted to it: ${messageOf(cause)}. Fit once more; where it fails again, host the runtime without --fit, and report this as a bug.`,
    { cause },
  );
}

function doesNotRun(title: string, cause: unknown): SelvedgeError {
  return new SelvedgeError(
    "session-failed",
    `${title} does not run: ${messageOf(cause)}. Run "selvedge verify" on it.`,
    { cause },
  );
}
