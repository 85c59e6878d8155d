import { createSelvedge, type ModelName, type Tensors } from "selvedge";
import { expectTypeOf } from "vitest";
import "./model-types.fixture.ts";

const selvedge = createSelvedge({ registry: "/models" });
const data = new Float32Array(512);

// What the file knows of a model is what `load` and `predict` know.
const known = await selvedge.load("typed-model");
const { outputs } = await known.predict({ x: { type: "float32", data, dims: [512] } });
expectTypeOf(outputs.y.type).toEqualTypeOf<"float32">();
expectTypeOf(outputs.y.data).toEqualTypeOf<Float32Array>();
expectTypeOf(outputs.y.dims).toEqualTypeOf<readonly [number]>();

// A tensor as onnxruntime-web types it goes in as it is, though that does not tell its rank.
interface TypedTensor<Type, Data> {
  readonly type: Type;
  readonly data: Data;
  readonly dims: readonly number[];
}
declare const ortTensor: TypedTensor<"float32", Float32Array>;
await known.predict({ x: ortTensor });
declare const ortIntegers: TypedTensor<"int32", Int32Array>;
// @ts-expect-error Its elements are float32.
await known.predict({ x: ortIntegers });

// @ts-expect-error The input's name is x.
await known.predict({ z: { type: "float32", data, dims: [512] } });
// @ts-expect-error No input may be left out.
await known.predict({});
// @ts-expect-error Its elements are float32.
await known.predict({ x: { type: "int32", data: new Int32Array(512), dims: [512] } });
// @ts-expect-error Its array holds them.
await known.predict({ x: { type: "float32", data: new Float64Array(512), dims: [512] } });
// @ts-expect-error Its dims are numbers.
await known.predict({ x: { type: "float32", data, dims: ["512"] } });
// @ts-expect-error There is one output, y.
outputs.z;

// Of any other model nothing is known: plain tensors go in and come out.
const unknown = await selvedge.load("other", { version: "1.0.0" });
const answer = await unknown.predict({
  any: { type: "int32", data: new Int32Array(1), dims: [1] },
});
expectTypeOf(answer.outputs).toEqualTypeOf<Tensors>();

// A name that is found out only as the page runs is one too.
const name: string = location.hash;
expectTypeOf((await selvedge.load(name)).predict)
  .parameter(0)
  .toEqualTypeOf<Tensors>();
expectTypeOf<"typed-model">().toExtend<ModelName>();
