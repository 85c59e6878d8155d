/**
 * How a field of a protobuf message becomes a field of OTLP's JSON encoding, which is the one shape
 * that the decoders read:
 *
 * - `string`, `bool`, `double`: as they are;
 * - `int32` (enums too), `sint32`, `uint32`: a number;
 * - `int64`, `uint64`, `fixed64`, `sfixed64`: a number where that is exact, otherwise digits;
 * - `hex`: bytes as lower-case hex digits, as OTLP writes ids.
 */
export type Scalar =
  | "string"
  | "bool"
  | "double"
  | "int32"
  | "sint32"
  | "int64"
  | "uint64"
  | "fixed64"
  | "sfixed64"
  | "hex";

/** One field of a message. */
export interface FieldSchema {
  /** Its name in JSON. */
  readonly name: string;
  readonly type: Scalar | MessageSchema;
  readonly isRepeated: boolean;
}

/** The fields of a message by their numbers; what has no number here is skipped. */
export type MessageSchema = readonly (FieldSchema | undefined)[];

/** Writes down a message: a row for each field that is read, with its number, name and type. */
export function message(
  ...fields: readonly (readonly [number, string, Scalar | MessageSchema, "repeated"?])[]
): MessageSchema {
  const schema: (FieldSchema | undefined)[] = [];
  for (const [number, name, type, repeated] of fields)
    schema[number] = { name, type, isRepeated: repeated === "repeated" };
  return schema;
}
