const HOUR_MS = 60 * 60 * 1000;

/**
 * What to say of a host whose clock is not the device's. A hint and no more: whoever answers for the
 * host may say any time.
 *
 * @param hostTime milliseconds since 1970; absent where the host did not say
 */
export function clockHint(now: number, hostTime: number | undefined): string {
  if (hostTime === undefined || Math.abs(hostTime - now) <= HOUR_MS) return "";
  return ` The host's clock says ${new Date(hostTime).toISOString()}: one of the two is wrong.`;
}
