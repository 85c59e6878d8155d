import { expect, test } from "vitest";
import { detectBoxes } from "./detect-boxes.ts";
import { paintMap } from "./probability-map.fixture.ts";

test("a level line is boxed, grown, and scaled to the picture", () => {
  const map = paintMap(128, 64, (x, y) => x >= 20 && x <= 100 && y >= 20 && y <= 30);
  const boxes = detectBoxes(map, { width: 256, height: 128 });
  expect(boxes).toHaveLength(1);
  const distance = (81 * 11 * 1.8) / (2 * 92);
  expect(boxes[0]).toMatchObject({ centre: { x: 121, y: 51 }, angle: 0 });
  expect(boxes[0]?.width).toBeCloseTo(2 * (81 + 2 * distance), 3);
  expect(boxes[0]?.height).toBeCloseTo(2 * (11 + 2 * distance), 3);
  expect(boxes[0]?.score).toBeCloseTo(0.9, 5);
});

test("a tilted line gets a tilted box", () => {
  const angle = 0.3;
  const map = paintMap(256, 256, (x, y) => {
    const [dx, dy] = [x - 128, y - 128];
    const along = dx * Math.cos(angle) + dy * Math.sin(angle);
    const across = dy * Math.cos(angle) - dx * Math.sin(angle);
    return Math.abs(along) <= 90 && Math.abs(across) <= 8;
  });
  const [box] = detectBoxes(map, map);
  expect(box?.angle).toBeCloseTo(angle, 1);
  expect(box?.width).toBeGreaterThan(4 * (box?.height ?? Infinity));
});

test("specks and uncertain patches are left out", () => {
  const speck = paintMap(64, 64, (x, y) => x === 4 && y < 20);
  expect(detectBoxes(speck, speck)).toEqual([]);
  const uncertain = paintMap(64, 64, (x, y) => x < 40 && y < 20, 0.5);
  expect(detectBoxes(uncertain, uncertain)).toEqual([]);
});
