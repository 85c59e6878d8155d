import { seededRandom } from "../../golden/seeded-random.ts";
import { bytesFrom, type NamedTensor } from "../../named-tensor.ts";
import type { FieldInput } from "./field-scope.ts";

/** How many rows to prove a device with. */
const ROWS = 32;

/** Rows that lead a model to different answers: values around those at which its answers change. */
export function pmmlInputs(inputs: readonly FieldInput[]): NamedTensor[] {
  const random = seededRandom(1);
  return inputs.map(({ field, turningPoints }) => {
    const dims = [ROWS, 1];
    const draw = (count: number) => Math.floor(random() * count);
    const rows = (value: () => number) => Array.from({ length: ROWS }, value);
    const { name, kind, values, interval, dataType } = field;
    if (kind === "category") {
      const bytes = bytesFrom(
        "int64",
        rows(() => draw(values.length)),
      );
      return { name, dtype: "int64", dims, bytes };
    }
    if (kind === "boolean")
      return {
        name,
        dtype: "bool",
        dims,
        bytes: bytesFrom(
          "bool",
          rows(() => draw(2)),
        ),
      };
    const points = [...turningPoints];
    const spread = points.length < 2 ? 1 : Math.max(...points) - Math.min(...points);
    const number = (): number => {
      if (interval !== undefined) return interval[0] + random() * (interval[1] - interval[0]);
      return (points[draw(points.length)] ?? 0) + (random() * 2 - 1) * spread;
    };
    const whole = dataType === "integer" ? () => Math.round(number()) : number;
    return { name, dtype: "float32", dims, bytes: bytesFrom("float32", rows(whole)) };
  });
}
