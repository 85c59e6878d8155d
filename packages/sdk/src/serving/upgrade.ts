import { SelvedgeError } from "@selvedge/protocol";
import type { Candidate } from "../proving/candidate.ts";
import { findGpu } from "../proving/gpu.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import type { LoadRooms } from "./load-rooms.ts";
import type { Model } from "./model.ts";
import { openProven } from "./open-proven.ts";

/**
 * Looks for a GPU behind the first answers, and lets it take over once it is right.
 *
 * @returns whether it did
 */
export async function upgrade(
  rooms: LoadRooms,
  selector: PackSelector,
  model: Model,
): Promise<boolean> {
  const { served } = model;
  const { opened } = served;
  const [wasm] = served.candidates;
  if (wasm === undefined) return false;
  const { name, version, dtype } = opened;
  const note = (state: Candidate["state"], reason: string): false => {
    model.note([wasm, { backend: "webgpu", dtype, build: "webgpu", state, reason }]);
    return false;
  };
  const subject = { model: name, version, dtype, backend: "webgpu" };
  const isAllowed = opened.variants.some(
    (variant) => variant.dtype === dtype && variant.backends.includes("webgpu"),
  );
  if (!isAllowed) return note("rejected", `the pack does not allow ${dtype} on WebGPU`);
  const gpu = await findGpu();
  if (model.disposal.aborted) return false;
  if (!gpu.found) return note("rejected", gpu.reason);
  if (gpu.isFallback) return note("rejected", `${gpu.description} is a fallback adapter: software`);
  note("proving", `${gpu.description} is being proven`);
  try {
    const place = { backend: "webgpu", features: gpu.features } as const;
    const {
      host,
      opened: onGpu,
      finding,
    } = await openProven(rooms, {
      wanted: { ...selector, version, dtype, ...place },
      place: { ...place, build: "webgpu" },
      choice: opened,
      signal: model.disposal,
    });
    model.moveTo({
      ...served,
      host,
      candidates: [
        { ...wasm, state: "retired", reason: "served first; WebGPU took over" },
        { backend: "webgpu", dtype, build: "webgpu", state: "serving", reason: finding },
      ],
    });
    rooms.reporter.recorder.loaded(subject, "compile", onGpu.compileMs);
    rooms.reporter.recorder.loaded(subject, "create", onGpu.createMs);
    return true;
  } catch (error) {
    if (model.disposal.aborted) return false;
    const code = error instanceof SelvedgeError ? error.code : "session-failed";
    rooms.reporter.recorder.failed(subject, "prove", code);
    return note("rejected", error instanceof Error ? error.message : String(error));
  }
}
