import { expect, test } from "vitest";
import { inReadingOrder } from "./reading-order.ts";

const box = (x: number, y: number, angle = 0) => ({
  centre: { x, y },
  width: 80,
  height: 20,
  angle,
  score: 1,
});

test("a receipt's amounts follow the names on their own row", () => {
  const [tea, price, cake, cost] = [box(50, 20), box(300, 24), box(60, 60), box(300, 57)];
  expect(inReadingOrder([cost, price, cake, tea])).toEqual([tea, price, cake, cost]);
});

test("in a tilted picture rows are told apart along the tilt", () => {
  const angle = 0.3;
  const at = (along: number, across: number) =>
    box(
      along * Math.cos(angle) - across * Math.sin(angle),
      along * Math.sin(angle) + across * Math.cos(angle),
      angle,
    );
  const [a, b, c, d] = [at(50, 20), at(400, 20), at(50, 60), at(400, 60)];
  expect(inReadingOrder([d, c, b, a])).toEqual([a, b, c, d]);
});

test("no boxes, no order", () => {
  expect(inReadingOrder([])).toEqual([]);
});
