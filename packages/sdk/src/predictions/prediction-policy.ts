import { SelvedgeError } from "@selvedge/protocol";

/** Which predictions are written down on this device, and how many of them are kept. */
export interface PredictionPolicy {
  /**
   * The share of calls whose record is written down, from 0 to 1; those with `capture: true` always are.
   * A record has digests of what went in and came out, and nothing of it.
   * @default 0.01 where telemetry has an endpoint, otherwise 0
   */
  readonly sample?: number;
  /**
   * How many records are kept, 32 MiB of captured tensors at most: the oldest go first.
   * @default 200
   */
  readonly keep?: number;
  /**
   * To how many of the latest answers `model.feedback` can join the truth. What is remembered of each is
   * its class and confidence, or its number.
   * @default 1000 where telemetry has an endpoint, otherwise 0
   */
  readonly answers?: number;
}

/** @throws SelvedgeError `options-invalid`, naming the option. */
export function predictionPolicy(
  policy: PredictionPolicy | undefined,
  isSent: boolean,
): Required<PredictionPolicy> {
  const { sample = isSent ? 0.01 : 0, keep = 200, answers = isSent ? 1000 : 0 } = policy ?? {};
  if (!(sample >= 0 && sample <= 1)) fail("sample", "a share from 0 to 1", sample);
  for (const [option, number] of Object.entries({ keep, answers }))
    if (!Number.isSafeInteger(number) || number < 0) fail(option, "a whole number from 0", number);
  return { sample, keep, answers };
}

function fail(option: string, expected: string, given: unknown): never {
  throw new SelvedgeError(
    "options-invalid",
    `The option predictions.${option} has to be ${expected}, but is ${String(given)}.`,
  );
}
