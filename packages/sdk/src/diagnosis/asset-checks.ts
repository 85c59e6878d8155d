import {
  GLUE_SHIM,
  RUNTIME_BUILDS,
  RUNTIME_FILES,
  RUNTIME_FOLDER,
  RUNTIME_INDEX,
  SHIPPED_IMAGES,
} from "../engine/runtime-files.ts";

/** Whether one of the runtimes' files can be had from where the page looks for it. */
export interface AssetCheck {
  /** Below `assets`. */
  readonly file: string;
  /** What cannot run without it: the onnxruntime-web builds by name, `tfjs`, or `waking`. */
  readonly neededFor: readonly string[];
  /** `kept` is a file that a service worker has, where the host cannot be asked. */
  readonly state: "served" | "kept" | "wrong" | "unreachable";
  /** What is wrong with it. */
  readonly reason?: string;
}

const DEADLINE_MS = 10_000;

/** A host that answers so does not know HEAD. */
const NO_HEAD: readonly number[] = [405, 501];

/**
 * Asks the page's host for every file of the runtimes, by its headers alone. Never rejects.
 *
 * @param assets absolute, with a slash at its end
 */
export function checkAssets(assets: string, signal?: AbortSignal): Promise<AssetCheck[]> {
  return Promise.all(
    [...RUNTIME_FILES, { folder: RUNTIME_FOLDER, file: RUNTIME_INDEX }].map(
      async ({ folder, file }) => ({
        file: `${folder}/${file}`,
        neededFor: usersOf(file),
        ...(await check(`${assets}${folder}/${file}`, signal)),
      }),
    ),
  );
}

function usersOf(file: string): string[] {
  if (file === RUNTIME_INDEX || file === SHIPPED_IMAGES) return ["waking"];
  const builds = Object.entries(RUNTIME_BUILDS).filter(
    ([, build]) => file === GLUE_SHIM || Object.values(build).includes(file),
  );
  return builds.length === 0 ? ["tfjs"] : builds.map(([name]) => name);
}

async function check(
  url: string,
  signal: AbortSignal | undefined,
): Promise<Pick<AssetCheck, "state" | "reason">> {
  try {
    const response = await headersOf(url, signal);
    const reason = faultOf(url, response);
    return reason === undefined ? { state: "served" } : { state: "wrong", reason };
  } catch (error) {
    if (await isKept(url)) return { state: "kept" };
    const why = error instanceof Error ? error.message : String(error);
    return { state: "unreachable", reason: `the host could not be asked (${why})` };
  }
}

async function headersOf(url: string, signal: AbortSignal | undefined): Promise<Response> {
  const giveUp = new AbortController();
  const abort = () => giveUp.abort(signal?.reason);
  signal?.addEventListener("abort", abort);
  const timer = setTimeout(
    () => giveUp.abort(new Error(`no answer within ${DEADLINE_MS / 1000} s`)),
    DEADLINE_MS,
  );
  const how = { credentials: "same-origin", cache: "no-store", signal: giveUp.signal } as const;
  try {
    const asked = await fetch(url, { ...how, method: "HEAD" });
    if (!NO_HEAD.includes(asked.status)) return asked;
    const answered = await fetch(url, how);
    await answered.body?.cancel();
    return answered;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** @returns what would keep a browser from running it */
function faultOf(url: string, { ok, status, headers }: Response): string | undefined {
  const type = headers.get("content-type") ?? "";
  const essence = type.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (!ok) return `the host answers ${status}`;
  if (essence === "text/html") return "the host answers with a web page in its place";
  if (url.endsWith(RUNTIME_INDEX)) return undefined;
  const served = type === "" ? "without a content type" : `as ${type}`;
  if (url.endsWith(".wasm"))
    return essence === "application/wasm"
      ? undefined
      : `it is served ${served}, and has to be as application/wasm`;
  return /^(text|application)\/(x-)?(java|ecma)script$/.test(essence)
    ? undefined
    : `it is served ${served}, and has to be as text/javascript`;
}

async function isKept(url: string): Promise<boolean> {
  try {
    return (await caches.match(url)) !== undefined;
  } catch {
    return false;
  }
}
