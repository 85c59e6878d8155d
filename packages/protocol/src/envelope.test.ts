import fc from "fast-check";
import { expect, test } from "vitest";
import { seal, unseal } from "./envelope.ts";
import { SelvedgeError } from "./selvedge-error.ts";

const options = { payloadType: "text/x", document: "note", code: "channel-invalid" } as const;

function failureOf(envelope: unknown): SelvedgeError {
  try {
    unseal(typeof envelope === "string" ? envelope : JSON.stringify(envelope), options);
  } catch (error) {
    if (error instanceof SelvedgeError) return error;
    throw error;
  }
  throw new Error(`accepted ${JSON.stringify(envelope)}`);
}

test("what was sealed is what comes out, in any script", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(unseal(JSON.stringify(seal("text/x", text)), options)).toBe(text);
    }),
  );
  for (const text of ["", "żółć, 漢字, 🧵", "\ufeffmarked", "\0"])
    expect(unseal(JSON.stringify(seal("text/x", text)), options)).toBe(text);
});

test("the payload is base64 of UTF-8", () => {
  expect(seal("text/x", "é\n")).toEqual({ payloadType: "text/x", payload: "w6kK", signatures: [] });
});

test("base64 for URLs is read too, as DSSE wants", () => {
  const payload = seal("text/x", "??>>~~").payload;
  expect(payload).toMatch(/[+/]/);
  const forUrls = payload.replaceAll("+", "-").replaceAll("/", "_");
  expect(unseal(JSON.stringify({ ...seal("text/x", ""), payload: forUrls }), options)).toBe(
    "??>>~~",
  );
});

test("signatures are kept out of the way", () => {
  const signatures = [{ sig: "MEUCIQ==", keyid: "k1" }, { sig: "" }];
  expect(unseal(JSON.stringify({ ...seal("text/x", "hi"), signatures }), options)).toBe("hi");
});

test.each<[wrong: string, field: string, change: object]>([
  ["another type", "payloadType", { payloadType: "text/y" }],
  ["no type", "payloadType", { payloadType: undefined }],
  ["no payload", "payload", { payload: undefined }],
  ["a payload that is a number", "payload", { payload: 5 }],
  ["a payload that is not base64", "payload", { payload: "a*b=" }],
  ["a payload cut short", "payload", { payload: "AAAAA" }],
  ["a payload that is not UTF-8", "payload", { payload: btoa("\xff\xfe") }],
  ["no signatures", "signatures", { signatures: undefined }],
  ["a signature that is a string", "signatures[0]", { signatures: ["x"] }],
  ["a signature without sig", "signatures[0].sig", { signatures: [{}] }],
  ["a keyid that is a number", "signatures[0].keyid", { signatures: [{ sig: "", keyid: 5 }] }],
])("an envelope with %s is refused at %s", (_, field, change) => {
  const error = failureOf({ ...seal("text/x", "hi"), ...change });
  expect(error).toMatchObject({ code: "channel-invalid", detail: { field } });
  expect(error.message).toContain(`note: ${field}: expected `);
});

test("a web page is called one", () => {
  expect(failureOf("<html>").message).toContain("note: expected JSON, got a web page");
});

test("a bare list is not an envelope, and the message says so of the document itself", () => {
  expect(failureOf([]).message).toBe("note: expected an object, got a list.");
});
