/** A line through values over a width, from 0 at the bottom of a height to the largest near its top. */
export function sparklinePath(values: readonly number[], width: number, height: number): string {
  const most = Math.max(0, ...values);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const room = height - 2;
  return values
    .map((value, index) => {
      const y = height - 1 - (most > 0 ? (value / most) * room : 0);
      return `${index === 0 ? "M" : "L"}${round(index * step)} ${round(y)}`;
    })
    .join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
