const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads a duration such as `30s`, `5m`, `1h` or `7d`, as milliseconds; `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,5})([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  return Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** Writes a duration for people: `15 minutes`, `1 hour`. */
export function sayDuration(ms: number): string {
  const units = [
    ["day", UNIT_MS.d],
    ["hour", UNIT_MS.h],
    ["minute", UNIT_MS.m],
  ] as const;
  const [name, length] = units.find(([, unit]) => ms >= unit && ms % unit === 0) ?? [
    "second",
    UNIT_MS.s,
  ];
  const count = ms / length;
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
