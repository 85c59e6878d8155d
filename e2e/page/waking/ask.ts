import type { Model, Tensors } from "selvedge";

/** A source of numbers from 0 to 1 that begins anew with each seed. */
export function numbers(seed: number): () => number {
  let state = seed * 0x9e3779b1 + 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An input of one of the models: as users would give it, and as they would not. */
export function varied(name: string, seed: number): Tensors {
  const next = numbers(seed);
  const scale = 10 ** Math.floor(next() * 5 - 2);
  const fill = (...dims: number[]) => {
    const data = new Float32Array(dims.reduce((all, one) => all * one, 1));
    for (let i = 0; i < data.length; i++) data[i] = (next() - 0.5) * 2 * scale;
    return { type: "float32", data, dims } as const;
  };
  if (name === "lande") return { ngrams: fill(1 + Math.floor(next() * 3), 620) };
  if (name === "ocr-rec") return { x: fill(1, 3, 48, 32 * (1 + Math.floor(next() * 12))) };
  if (name === "silero-vad")
    return {
      input: fill(1, 576),
      state: fill(2, 1, 128),
      sr: { type: "int64", data: BigInt64Array.of(16000n), dims: [] },
    };
  throw new Error(`nobody has said what ${name} takes`);
}

/** What a model answers to an input, to the last bit. */
export async function bitsOf(model: Model, inputs: Tensors): Promise<string> {
  const { outputs } = await model.predict(inputs);
  const parts: BlobPart[] = [];
  for (const [name, { data, dims }] of Object.entries(outputs)) {
    parts.push(`${name} ${dims.join(" × ")}: `);
    parts.push("buffer" in data ? (data.slice() as Float32Array<ArrayBuffer>) : data.join("\n"));
  }
  const bytes = await new Blob(parts).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The same of many inputs, one after the other. */
export async function answersOf(model: Model, from: number, until: number): Promise<string[]> {
  const answers: string[] = [];
  for (let seed = from; seed < until; seed++)
    answers.push(await bitsOf(model, varied(model.info.name, seed)));
  return answers;
}
