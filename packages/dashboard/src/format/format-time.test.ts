import { expect, test } from "vitest";
import {
  formatAgo,
  formatClock,
  formatDays,
  formatMoment,
  formatSomeDays,
  formatStep,
  formatTimeTick,
} from "./format-time.ts";

// Local times, as the page shows them: the tests hold in every zone.
const at = (hours: number, minutes: number, seconds = 0): number =>
  new Date(2025, 10, 21, hours, minutes, seconds).getTime();

test("a time of day has 24 hours and seconds", () => {
  expect(formatClock(at(18, 3, 4))).toBe("18:03:04");
  expect(formatMoment(at(0, 3, 4))).toBe("21 Nov 00:03:04");
});

test("a tick names the day at midnight and seconds only where there are some", () => {
  expect(formatTimeTick(at(0, 0))).toBe("21 Nov");
  expect(formatTimeTick(at(12, 30))).toBe("12:30");
  expect(formatTimeTick(at(12, 30, 15))).toBe("12:30:15");
});

test("a step says its start and end, with the day where steps are long", () => {
  expect(formatStep(at(12, 5), 300_000)).toBe("12:05–12:10");
  expect(formatStep(at(12, 5, 15), 15_000)).toBe("12:05:15–12:05:30");
  expect(formatStep(at(22, 0), 7_200_000)).toBe("21 Nov 22:00–00:00");
});

test.each([
  [-5_000, "just now"],
  [400, "just now"],
  [12_900, "12 s ago"],
  [61_000, "1 min ago"],
  [7_200_000, "2 h ago"],
  [4 * 86_400_000, "4 d ago"],
])("what was %d ms ago reads %s", (elapsedMs, text) => {
  expect(formatAgo(at(12, 0), at(12, 0) + elapsedMs).replaceAll("\u202f", " ")).toBe(text);
});

test("whole days end with the last of them", () => {
  const day = (date: number) => Date.UTC(2025, 10, date);
  expect(formatDays(day(12), day(19)).replaceAll(/\s*–\s*/g, "–")).toBe("12–18 Nov (UTC)");
  expect(formatDays(day(12), day(13))).toBe("12 Nov (UTC)");
});

test("some of many days tell how many they are", () => {
  const [from, to] = [Date.UTC(2025, 10, 12), Date.UTC(2025, 10, 19)];
  expect(formatSomeDays({ from, to, count: 7 })).toBe(formatDays(from, to));
  expect(formatSomeDays({ from, to, count: 2 })).toBe(`2 days of ${formatDays(from, to)}`);
});
