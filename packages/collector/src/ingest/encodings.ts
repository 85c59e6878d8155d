import { SelvedgeError } from "@selvedge/protocol";
import type { Failure } from "../failure.ts";
import { expectFewValues } from "./max-values.ts";
import { readMessage } from "./protobuf/read-message.ts";
import { writeExportAnswer, writeStatus } from "./protobuf/write-answer.ts";
import type { Refusals } from "./refusals.ts";
import type { Signal } from "./signals.ts";

/** One of OTLP's encodings: of requests, and of the answers to them. */
export interface Encoding {
  /** The media type of what it writes. */
  readonly type: string;
  /** The body as the value that its JSON is, whatever it was encoded in. */
  read(body: Buffer, signal: Signal): unknown;
  /** The body of the answer to a request of which `refusals` were not kept. */
  answer(signal: Signal, refusals: Refusals): string | Uint8Array;
  /** A `google.rpc.Status`, as OTLP asks for. */
  fail(failure: Failure): string | Uint8Array;
}

/** `google.rpc.Code`, by HTTP status. */
const CODE: { readonly [status in Failure["status"]]: number } = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  404: 5, // NOT_FOUND
  413: 8, // RESOURCE_EXHAUSTED
  415: 12, // UNIMPLEMENTED
  429: 8,
  500: 13, // INTERNAL
  503: 14, // UNAVAILABLE
};

const ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo";

const JSON_ENCODING: Encoding = {
  type: "application/json",
  read: (body) => {
    expectFewValues(body);
    try {
      return JSON.parse(body.toString("utf8"));
    } catch (cause) {
      throw new SelvedgeError("telemetry-invalid", "The body is not valid JSON.", { cause });
    }
  },
  answer: ({ refusedField }, { count, message }) => {
    if (count === 0) return "{}";
    return JSON.stringify({
      partialSuccess: { [refusedField]: String(count), errorMessage: message },
    });
  },
  fail: ({ status, code, message }) =>
    JSON.stringify({
      code: CODE[status],
      message,
      details: [{ "@type": ERROR_INFO, reason: code, domain: "selvedge" }],
    }),
};

const PROTOBUF_ENCODING: Encoding = {
  type: "application/x-protobuf",
  read: (body, { schema }) => readMessage(body, schema),
  answer: (_, { count, message }) => writeExportAnswer(count, message),
  fail: ({ status, message }) => writeStatus(CODE[status], message),
};

const ENCODINGS = new Map([JSON_ENCODING, PROTOBUF_ENCODING].map((one) => [one.type, one]));

/** The encoding of a content type; `undefined` where OTLP has none of it. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  return type === undefined ? undefined : ENCODINGS.get(type);
}

/** The encoding of an answer to a request in one that is not known. */
export const FALLBACK_ENCODING: Encoding = JSON_ENCODING;
