import { SelvedgeError } from "@selvedge/protocol";
import type { Context } from "hono";
import type { Failure } from "../failure.ts";
import { expectFewValues } from "./max-values.ts";
import { readMessage } from "./protobuf/read-message.ts";
import { writeExportAnswer, writeStatus } from "./protobuf/write-answer.ts";
import type { Refusals } from "./refusals.ts";
import type { Signal } from "./signals.ts";

/** One of OTLP's encodings: of requests, and of the answers to them. */
export interface Encoding {
  /** The body as the value that its JSON is, whatever it was encoded in. */
  read(body: Buffer, signal: Signal): unknown;
  answer(context: Context, signal: Signal, refusals: Refusals): Response;
  /** A `google.rpc.Status`, as OTLP asks for. */
  fail(context: Context, failure: Failure): Response;
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
  read: (body) => {
    expectFewValues(body);
    try {
      return JSON.parse(body.toString("utf8"));
    } catch (cause) {
      throw new SelvedgeError("telemetry-invalid", "The body is not valid JSON.", { cause });
    }
  },
  answer: (context, { refusedField }, { count, message }) => {
    if (count === 0) return context.json({});
    return context.json({
      partialSuccess: { [refusedField]: String(count), errorMessage: message },
    });
  },
  fail: (context, { status, code, message }) =>
    context.json(
      {
        code: CODE[status],
        message,
        details: [{ "@type": ERROR_INFO, reason: code, domain: "selvedge" }],
      },
      status,
    ),
};

const PROTOBUF = "application/x-protobuf";

const PROTOBUF_ENCODING: Encoding = {
  read: (body, { schema }) => readMessage(body, schema),
  answer: (context, _, { count, message }) =>
    context.body(writeExportAnswer(count, message), 200, { "content-type": PROTOBUF }),
  fail: (context, { status, message }) =>
    context.body(writeStatus(CODE[status], message), status, { "content-type": PROTOBUF }),
};

/** The encoding of a content type; `undefined` where OTLP has none of it. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/json") return JSON_ENCODING;
  return type === PROTOBUF ? PROTOBUF_ENCODING : undefined;
}

/** The encoding of an answer to a request in one that is not known. */
export const FALLBACK_ENCODING: Encoding = JSON_ENCODING;
