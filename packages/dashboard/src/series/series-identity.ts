/** What a line or a bar of a chart stands for. Every part is a name a device sent. */
export interface SeriesIdentity {
  readonly model: string;
  readonly version: string;
  readonly backend: string;
}

/** Whether a device said it: the collector writes "unknown" where it did not. */
export function isKnown(name: string): boolean {
  return name !== "" && name !== "unknown";
}

/** The same for the same series, and for no other, whatever the names hold. */
export function seriesKey({ model, version, backend }: SeriesIdentity): string {
  return JSON.stringify([model, version, backend]);
}

/** By model, then version (1.10.0 after 1.9.0), then backend. */
export function compareSeries(a: SeriesIdentity, b: SeriesIdentity): number {
  return (
    compareNames(a.model, b.model) ||
    compareNames(a.version, b.version) ||
    compareNames(a.backend, b.backend)
  );
}

/** In the order people expect of names that hold numbers. */
export function compareNames(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
