/** What fails less often than this draws no full bar, however it compares: it hardly ever fails. */
const LEAST_FULL = 0.01;

/** How far a bar of failures reaches, in CSS: the worst rate fills it, from 1% on. */
export function rateWidth(rate: number, worst: number): string {
  return `${(100 * rate) / Math.max(worst, LEAST_FULL)}%`;
}
