import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { clientAddress, isLoopback } from "./client-address.ts";

const from = (remoteAddress: string, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  }) as unknown as IncomingMessage;

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0db8:0001:0002::6", "2001:db8:1:2::/64"],
  ["2001:db8::6", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "::1"],
])("%s counts as %s", (address, expected) => {
  expect(clientAddress(from(address), 0)).toBe(expected);
});

test("does not believe what a sender says of itself", () => {
  expect(clientAddress(from("192.0.2.7", "127.0.0.1"), 0)).toBe("192.0.2.7");
  expect(clientAddress(from("10.0.0.1", "127.0.0.1, 192.0.2.7"), 1)).toBe("192.0.2.7");
  expect(clientAddress(from("10.0.0.1", "1.2.3.4, 192.0.2.7, 10.0.0.2"), 2)).toBe("192.0.2.7");
});

test("takes the address it is asked from where the proxies did not say another", () => {
  for (const header of [undefined, "", "unknown", "192.0.2.7, nonsense"])
    expect(clientAddress(from("10.0.0.1", header), 1)).toBe("10.0.0.1");
  expect(clientAddress(from("10.0.0.1", "192.0.2.7"), 2)).toBe("10.0.0.1");
});

test("knows which hosts are this machine's own", () => {
  expect(["127.0.0.1", "127.8.8.8", "::1", "localhost"].every(isLoopback)).toBe(true);
  expect(["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example", "", "128.0.0.1"].some(isLoopback)).toBe(
    false,
  );
});
