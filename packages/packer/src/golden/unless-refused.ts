import { SelvedgeError } from "@selvedge/protocol";

/**
 * What a run comes to, where a model may well refuse its inputs.
 *
 * @returns `undefined` where the runtime refuses; that time runs out is no such refusal, and is thrown.
 */
export async function unlessRefused<T>(run: Promise<T>): Promise<T | undefined> {
  try {
    return await run;
  } catch (error) {
    if (error instanceof SelvedgeError) throw error;
    return undefined;
  }
}
