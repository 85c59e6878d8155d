import { expect, test } from "vitest";
import { encodeStrings, parseStrings } from "./string-tensor.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([[[]], [["a", "", '日本\n"q"']]])("%j comes back as it was", (strings) => {
  expect(parseStrings(encodeStrings(strings), strings.length)).toEqual(strings);
});

test.each([
  ["fewer strings than the tensor has", bytes('["a"]')],
  ["more strings than the tensor has", bytes('["a","b","c"]')],
  ["numbers", bytes("[1,2]")],
  ["an object", bytes('{"length":2}')],
  ["no JSON", bytes("a,b")],
  ["no UTF-8", Uint8Array.of(0x5b, 0x22, 0xff, 0x22, 0x5d)],
])("refuses %s", (_, content) => {
  expect(() => parseStrings(content, 2)).toThrow(
    expect.objectContaining({
      code: "manifest-invalid",
      message: expect.stringContaining("2 strings"),
    }),
  );
});
