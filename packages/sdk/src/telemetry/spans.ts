import {
  type OtlpBatch,
  type OtlpSpan,
  SelvedgeError,
  SPANS,
  toHex,
  toOtlpAttributes,
  toUnixNano,
} from "@selvedge/protocol";
import { toTraces } from "./otlp-batch.ts";
import { spanAttributes } from "./span-attributes.ts";
import { type Stage, stagesOf } from "./span-stages.ts";
import type { Finished } from "./tracing.ts";

/** Internal: neither asked by another program nor asking one. */
const INTERNAL = 1;

/** The status of what failed. */
const ERROR = 2;

/** Writes operations that are over, with their stages, as one OTLP batch. */
export function toSpanBatch(all: readonly Finished[], service: string): OtlpBatch {
  return toTraces(service, all.flatMap(toSpans));
}

function toSpans(finished: Finished): OtlpSpan[] {
  const { operation, ref, parentId, state, durationMs, error } = finished;
  const { traceId, spanId } = ref;
  const isFailure = error instanceof SelvedgeError;
  const whole: OtlpSpan = {
    traceId,
    spanId,
    ...(parentId && { parentSpanId: parentId }),
    ...(state && { traceState: state }),
    name: SPANS[operation],
    kind: INTERNAL,
    ...timesOf(finished, { fromMs: 0, toMs: durationMs }),
    attributes: toOtlpAttributes(spanAttributes(finished)),
    ...(isFailure && { status: { code: ERROR, message: error.code } }),
  };
  const stages = stagesOf(finished).map((stage) => ({
    traceId,
    spanId: toHex(crypto.getRandomValues(new Uint8Array(8))),
    parentSpanId: spanId,
    name: `${SPANS[operation]}.${stage.name}`,
    kind: INTERNAL,
    ...timesOf(finished, stage),
  }));
  return [whole, ...stages];
}

function timesOf({ at }: Finished, { fromMs, toMs }: Pick<Stage, "fromMs" | "toMs">) {
  return {
    startTimeUnixNano: toUnixNano(at + fromMs),
    endTimeUnixNano: toUnixNano(at + toMs),
  };
}
