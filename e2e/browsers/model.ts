import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pack, promote } from "@selvedge/packer";
import { channelsPath } from "@selvedge/protocol";
import {
  encode,
  floats,
  graph,
  model,
  node,
  value,
} from "../../packages/packer/src/onnx/onnx-model.fixture.ts";
import { noise } from "../../packages/packer/src/runtime/run-model.fixture.ts";

/** What the model is called in the registry. */
export const MODEL = "matrices";

const ROWS = 256;
const MIDDLE = 4000;
const COLUMNS = 16;

const first = noise(ROWS * MIDDLE, 1);
const second = noise(MIDDLE * COLUMNS, 2);

/** Of the newer version one matrix is the same, and the other has turned its sign. */
const WEIGHTS = { "1.0.0": [first, second], "2.0.0": [first, second.map((x) => -x)] } as const;

type Version = keyof typeof WEIGHTS;

/** What tests ask about. */
export const INPUT: readonly number[] = Array.from(noise(ROWS, 3));

/** A registry with two versions of a model of 4 MB. */
export interface Registry {
  readonly folder: string;
  /** The bytes of the older version's weights. */
  readonly bytes: number;
  /** Has the channel serve a version. */
  serve(version: Version): Promise<void>;
}

/** Packs both versions into a folder; the older one is served. */
export async function packModel(folder: string): Promise<Registry> {
  const place = { name: MODEL, registry: folder };
  const release = async (version: Version, base?: string) => {
    const file = join(folder, `${version}.onnx`);
    await writeFile(file, onnxOf(WEIGHTS[version]));
    const { manifest } = await pack({ ...place, model: file, version, base });
    await promote({ ...place, version, channel: "stable" });
    const document = await readFile(join(folder, channelsPath(MODEL)));
    return { document, bytes: manifest.segments[0]?.bytes ?? 0 };
  };
  const older = await release("1.0.0");
  const newer = await release("2.0.0", "1.0.0");
  const serve = (version: Version) =>
    writeFile(
      join(folder, channelsPath(MODEL)),
      version === "1.0.0" ? older.document : newer.document,
    );
  await serve("1.0.0");
  return { folder, bytes: older.bytes, serve };
}

/** Which version gives this answer to the input; `undefined` for neither. */
export function versionThatAnswers(answer: readonly number[]): Version | undefined {
  const versions: readonly Version[] = ["1.0.0", "2.0.0"];
  return versions.find((version) => {
    const right = multiply(WEIGHTS[version]);
    const scale = Math.max(...right.map(Math.abs));
    return (
      answer.length === right.length &&
      right.every((x, i) => Math.abs(x - (answer[i] ?? Number.NaN)) < 1e-3 * scale)
    );
  });
}

/** What the model comes to, without any runtime. */
function multiply(matrices: readonly Float32Array[]): number[] {
  return matrices.reduce<number[]>((row, matrix) => {
    const columns = matrix.length / row.length;
    return Array.from({ length: columns }, (_, column) =>
      row.reduce((sum, x, i) => sum + x * (matrix[i * columns + column] ?? 0), 0),
    );
  }, Array.from(INPUT));
}

function onnxOf([a, b]: readonly [Float32Array, Float32Array]): Uint8Array {
  return encode(
    model(
      graph({
        input: [value("x", [1, ROWS])],
        output: [value("y", [1, COLUMNS])],
        initializer: [floats("a", [ROWS, MIDDLE], a), floats("b", [MIDDLE, COLUMNS], b)],
        node: [node("MatMul", ["x", "a"], ["m"]), node("MatMul", ["m", "b"], ["y"])],
      }),
    ),
  );
}
