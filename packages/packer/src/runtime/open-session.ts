import {
  openSession as openOnnxSession,
  runtimeVersion,
  type SessionOptions,
  type SessionSource,
} from "./onnx-runtime.ts";
import { openTfjsSession, tfjsVersion } from "./tfjs-runtime.ts";
import type { Session } from "./worker-session.ts";

/** The kinds of engine that run models here, as manifests name them. */
export type Engine = "onnx" | "tfjs";

/** A model, and what runs it. */
export interface EngineSource extends SessionSource {
  readonly engine: Engine;
}

interface Runtime {
  readonly title: string;
  /** The npm package behind it. */
  readonly library: string;
  readonly version: () => Promise<string>;
  readonly open: (source: SessionSource, options?: SessionOptions) => Promise<Session>;
}

const RUNTIMES: Readonly<Record<Engine, Runtime>> = {
  onnx: {
    title: "onnxruntime-web",
    library: "onnxruntime-web",
    version: runtimeVersion,
    open: openOnnxSession,
  },
  tfjs: {
    title: "TensorFlow.js",
    library: "@tensorflow/tfjs-core",
    version: tfjsVersion,
    open: openTfjsSession,
  },
};

/** Whether this version runs models of an engine that a manifest names. */
export function isEngine(name: string): name is Engine {
  return Object.hasOwn(RUNTIMES, name);
}

/** What to call an engine's runtime in messages. */
export function runtimeTitle(engine: Engine): string {
  return RUNTIMES[engine].title;
}

/** The versions of the libraries behind some engines, by name. */
export async function runtimeVersions(engines: readonly Engine[]): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const engine of engines) {
    const { library, version } = RUNTIMES[engine];
    versions[library] = await version();
  }
  return versions;
}

/**
 * Opens a model in its engine's runtime.
 *
 * @param options what engines that cannot choose leave unheeded
 *
 * @throws Error when the runtime refuses it.
 */
export function openSession(
  { engine, graph, weights }: EngineSource,
  options?: SessionOptions,
): Promise<Session> {
  return RUNTIMES[engine].open({ graph, weights }, options);
}
