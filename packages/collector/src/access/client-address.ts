import type { IncomingMessage } from "node:http";
import { isIP, isIPv6 } from "node:net";

/**
 * Who sent a request, as far as limits are concerned: an IPv4 address, or the /64 that an IPv6 address
 * lies in, which is what one household has.
 *
 * @param proxies how many reverse proxies stand before the collector, each of which adds the address
 * that it was asked from to `X-Forwarded-For`; what stands there before theirs anyone can write
 */
export function clientAddress(request: IncomingMessage, proxies: number): string {
  const direct = request.socket.remoteAddress ?? "";
  const header = proxies === 0 ? undefined : request.headers["x-forwarded-for"];
  const hops = header === undefined ? [] : String(header).split(",");
  const forwarded = hops.at(-proxies)?.trim() ?? "";
  return networkOf(hops.length >= proxies && isIP(forwarded) !== 0 ? forwarded : direct);
}

/** Whether an address is this very machine's. */
export function isLoopback(address: string): boolean {
  return address === "localhost" || address === "::1" || /^127(\.\d{1,3}){3}$/.test(address);
}

function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address) || isLoopback(address)) return address;
  const [head = "", tail] = address.split("%")[0]?.split("::") ?? [];
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length;
  const all = [...groups, ...new Array<string>(Math.max(0, zeros)).fill("0"), ...after];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
