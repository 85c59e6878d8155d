import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { imageLayout, type MeasurableTensor, measure, valueCount } from "./measure-tensor.ts";
import type { Measure } from "./reference.ts";

const floats = (dims: readonly number[], ...data: number[]): MeasurableTensor => ({
  type: "float32",
  dims,
  data: Float32Array.from(data),
});
const all = (aspect: { measure: Measure; element?: number }, tensor: MeasurableTensor) =>
  Array.from({ length: valueCount(aspect, tensor) }, (_, i) => measure(aspect, tensor, i));

describe("values", () => {
  const table = floats([2, 3], 1, 2, 3, 4, 5, 6);

  test("of an element there is one for each row; without one, each element is a value", () => {
    expect(all({ measure: "value", element: 1 }, table)).toEqual([2, 5]);
    expect(all({ measure: "value" }, table)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(all({ measure: "value", element: 0 }, floats([], 7))).toEqual([7]);
  });

  test("an element that a row lacks is missing, and so is one past the end", () => {
    expect(all({ measure: "value", element: 3 }, table)).toEqual([null, null]);
    expect(measure({ measure: "value" }, table, 6)).toBeNull();
  });

  test("float16 is read from its bits, 64-bit integers and texts as they are", () => {
    const half = {
      type: "float16",
      dims: [6],
      data: Uint16Array.of(0x3c00, 0xc000, 0, 1, 0x7c00, 0x7e00),
    };
    expect(all({ measure: "value" }, half)).toEqual([1, -2, 0, 2 ** -24, Infinity, Number.NaN]);
    const long = { type: "int64", dims: [1], data: BigInt64Array.of(5n) };
    expect(all({ measure: "category" }, long)).toEqual([5n]);
    expect(all({ measure: "category" }, { type: "string", dims: [1], data: ["a"] })).toEqual(["a"]);
  });
});

describe("scores of classes", () => {
  const rank = (...scores: number[]) => {
    const row = floats([1, scores.length], ...scores);
    return (["class", "confidence", "entropy"] as const).map((what) =>
      measure({ measure: what }, row, 0),
    );
  };

  test("that add up to 1 are taken as probabilities", () => {
    expect(rank(0.25, 0.5, 0.25)).toEqual([1, expect.closeTo(0.5, 6), expect.closeTo(1.5, 6)]);
    expect(rank(0, 1)).toEqual([1, 1, 0]);
  });

  test("that do not are made probabilities by softmax, however large they are", () => {
    expect(rank(3, 3)).toEqual([0, expect.closeTo(0.5, 6), expect.closeTo(1, 6)]);
    expect(rank(-1000, 1000)).toEqual([1, 1, 0]);
    expect(rank(-1, 2)).toEqual([1, expect.closeTo(1 / (1 + Math.exp(-3)), 6), expect.any(Number)]);
  });

  test("that are not all numbers are missing", () => {
    expect(rank(0.5, Number.NaN)).toEqual([null, null, null]);
  });

  test("have a confidence from 1/k to 1, and an entropy from 0 to log2 k", () => {
    const scores = fc.array(fc.float({ min: -50, max: 50, noNaN: true }), {
      minLength: 2,
      maxLength: 20,
    });
    fc.assert(
      fc.property(scores, (list) => {
        const [, confidence, entropy] = rank(...list).map(Number);
        expect(confidence).toBeGreaterThanOrEqual(1 / list.length - 1e-9);
        expect(confidence).toBeLessThanOrEqual(1);
        expect(entropy).toBeGreaterThanOrEqual(0);
        expect(entropy).toBeLessThanOrEqual(Math.log2(list.length) + 1e-9);
      }),
    );
  });

  test("are ranked row by row", () => {
    const output = floats([1, 2, 2], 0.9, 0.1, 0.2, 0.8);
    expect(all({ measure: "class" }, output)).toEqual([0, 1]);
  });
});

describe("images", () => {
  /** An image of one channel, 40 wide and 16 high. */
  const image = (at: (x: number, y: number) => number) =>
    floats(
      [1, 1, 16, 40],
      ...Array.from({ length: 640 }, (_, i) => at(i % 40, Math.floor(i / 40))),
    );
  const look = (tensor: MeasurableTensor, index = 0) =>
    (["brightness", "contrast", "sharpness"] as const).map((what) =>
      Number(measure({ measure: what }, tensor, index)),
    );

  test("a plain one has its brightness, and neither contrast nor sharpness", () => {
    expect(look(image(() => 3))).toEqual([3, 0, 0]);
  });

  test("a ramp has contrast, and nothing sharp", () => {
    const [brightness, contrast, sharpness] = look(image((x) => x));
    expect(brightness).toBeCloseTo(19.5, 0);
    expect(contrast).toBeCloseTo(11.5, 0);
    expect(sharpness).toBe(0);
  });

  test("a checkerboard is sharper than stripes, and those than a blurred edge", () => {
    const boards = [
      image((x, y) => (x + y) % 2),
      image((x) => Math.floor(x / 2) % 2),
      image((x) => 1 / (1 + Math.exp((20 - x) / 6))),
    ].map((tensor) => look(tensor)[2]);
    expect(boards).toEqual(boards.toSorted((a = 0, b = 0) => b - a));
  });

  test("looks the same with its channels first and last, in floats and bytes", () => {
    const pixel = (x: number, y: number, channel: number) => (x * 7 + y * 13 + channel * 29) % 256;
    const numbers = Array.from({ length: 3 * 12 * 9 }, (_, i) => i);
    const first = numbers.map((i) => pixel(i % 9, Math.floor(i / 9) % 12, Math.floor(i / 108)));
    const last = numbers.map((i) => pixel(Math.floor(i / 3) % 9, Math.floor(i / 27), i % 3));
    const bytes = { type: "uint8", dims: [1, 12, 9, 3], data: Uint8Array.from(last) };
    expect(look(floats([1, 3, 12, 9], ...first))).toEqual(look(bytes));
  });

  test("each of a batch is looked at on its own", () => {
    const two = floats(
      [2, 1, 8, 8],
      ...new Array<number>(64).fill(1),
      ...new Array<number>(64).fill(5),
    );
    expect([look(two, 0)[0], look(two, 1)[0]]).toEqual([1, 5]);
    expect(valueCount({ measure: "brightness" }, two)).toBe(2);
  });

  test("are told by their dims, and what is none has nothing to measure", () => {
    expect(imageLayout([1, 3, 224, 224])).toBe("channels-first");
    expect(imageLayout([1, 224, 224, 3])).toBe("channels-last");
    for (const other of [
      [3, 224, 224],
      [1, 2, 224, 224],
      [1, 3, 4, 224],
      [1, 64, 3, 3],
    ]) {
      expect(imageLayout(other)).toBeUndefined();
      expect(all({ measure: "brightness" }, floats(other))).toEqual([]);
    }
  });
});

describe("texts", () => {
  const texts = ["naïve", "Привет, мир", "日本語のテキスト", "12:30", "", "👍🏽 ok", "ꦲꦏ"];
  const tensor = { type: "string", dims: [texts.length], data: texts };

  test("have a length in characters", () => {
    expect(all({ measure: "length" }, tensor)).toEqual([5, 11, 8, 5, 0, 5, 2]);
  });

  test("have the alphabet of most of their letters", () => {
    expect(all({ measure: "alphabet" }, tensor)).toEqual([
      "latin",
      "cyrillic",
      "kana",
      "none",
      "none",
      "latin",
      "other",
    ]);
  });

  test("never have anything of their own among what is measured", () => {
    const names =
      "latin cyrillic greek arabic hebrew devanagari thai hangul kana han other none".split(" ");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const one = { type: "string", dims: [1], data: [text] };
        expect(names).toContain(measure({ measure: "alphabet" }, one, 0));
      }),
    );
  });
});
