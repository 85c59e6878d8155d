import type * as Ort from "onnxruntime-web";
import { trap } from "./break-wasm.ts";
import { type Orders, tellPage, type WrongKind } from "./orders.ts";

type Sessions = Ort.InferenceSessionFactory;
type Results = Ort.InferenceSession.OnnxValueMapType;

/** Puts `breakSession` where the runtime's file looks for it: see `fixtures/faults.ts`. */
export function breakSessions(orders: Orders): void {
  Object.assign(globalThis, {
    wrapSessions: (real: Sessions) => ({
      async create(...args: Parameters<Sessions["create"]>) {
        orders.hangAt("session");
        const session = await real.create(...args);
        return misbehaving(session, orders, args[1]);
      },
    }),
  });
}

/** A session that does as it is ordered, and is the real one otherwise. */
function misbehaving(
  session: Ort.InferenceSession,
  orders: Orders,
  options: Ort.InferenceSession.SessionOptions = {},
): Ort.InferenceSession {
  const { backend, layout, tensors } = placeOf(options);
  const wrong = orders
    .all("answers")
    .filter(
      ({ of }) =>
        (of.backend ?? backend) === backend &&
        (of.layout ?? layout) === layout &&
        (of.tensor === undefined || tensors.includes(of.tensor)),
    );
  const run = async (...args: Parameters<typeof session.run>): Promise<Results> => {
    orders.hangAt("run");
    if (orders.has("trap")) trap();
    if (orders.take("throw") !== undefined) await throwUncaught();
    const results = await session.run(...args);
    for (const { kind } of wrong) for (const result of Object.values(results)) spoil(result, kind);
    tellPage({ report: "run", backend });
    return results;
  };
  return new Proxy(session, {
    get(target, name) {
      if (name === "run") return run;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function placeOf({
  executionProviders = [],
  externalData = [],
}: Ort.InferenceSession.SessionOptions) {
  const [provider = "wasm"] = executionProviders;
  const { name: backend, preferredLayout: layout = "NHWC" } =
    typeof provider === "string"
      ? { name: provider }
      : (provider as { name: string; preferredLayout?: string });
  const tensors = externalData.map((file) => (typeof file === "string" ? file : file.path));
  return { backend, layout, tensors };
}

function throwUncaught(): Promise<never> {
  setTimeout(() => {
    throw new Error("thrown where no one catches it");
  });
  return new Promise(() => undefined);
}

/** Overwrites an answer as a wrong kernel would. */
function spoil(
  { data, dims }: Ort.OnnxValue & { data?: unknown; dims?: readonly number[] },
  kind: WrongKind,
): void {
  if (!(data instanceof Float32Array) || dims === undefined) return;
  if (kind !== "transposed") {
    data.fill(kind === "zeros" ? 0 : Number.NaN);
    return;
  }
  const [rows = 1, columns = 1] = dims.slice(-2);
  const right = data.slice();
  const size = rows * columns;
  for (let i = 0; i < data.length; i++) {
    const [matrix, at] = [Math.floor(i / size) * size, i % size];
    data[i] = right[matrix + (at % rows) * columns + Math.floor(at / rows)] ?? 0;
  }
}
