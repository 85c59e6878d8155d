import { SelvedgeError } from "@selvedge/protocol";
import { findGpu } from "../proving/gpu.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import type { Standing } from "./ladder.ts";
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
  const { ladder } = served;
  const { name, version, dtype } = opened;
  const serving = { place: served.host.place, dtype };
  const webgpu = { backend: "webgpu", build: "webgpu", features: [] } as const;
  const note = (state: Standing["state"], reason: string): false => {
    ladder.note({ place: webgpu, dtype }, { state, reason });
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
    const { features } = gpu;
    const place = { ...webgpu, features };
    const {
      host,
      opened: onGpu,
      finding,
    } = await openProven(rooms, {
      wanted: { ...selector, version, dtype, backend: "webgpu", features },
      place,
      choice: opened,
      signal: model.disposal,
    });
    ladder.note(serving, { state: "retired", reason: "served first; WebGPU took over" });
    ladder.note({ place, dtype }, { state: "serving", reason: finding });
    model.moveTo({ ...served, host });
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
