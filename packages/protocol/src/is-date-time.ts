/**
 * Whether a text is an ISO 8601 date and time with a zone. `Date.parse` alone reads much else besides,
 * and not the same in every browser.
 */
export function isDateTime(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) &&
    !Number.isNaN(Date.parse(text))
  );
}
