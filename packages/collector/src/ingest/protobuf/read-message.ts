import { MAX_VALUES, tooManyValues } from "../max-values.ts";
import type { FieldSchema, MessageSchema, Scalar } from "./message-schema.ts";
import { FIXED64, LENGTH, malformed, VARINT, WireReader } from "./wire-reader.ts";

type Message = Record<string, unknown>;

/**
 * Reads a protobuf message as the value that the same message is in OTLP's JSON encoding. Fields that
 * the schema lacks are skipped; of a field that is sent twice the last one counts, and of a message its
 * parts are put together, as protobuf has it.
 *
 * @throws SelvedgeError `telemetry-invalid` where the bytes are no such message, `telemetry-too-large`
 * where they hold more than a million values.
 */
export function readMessage(bytes: Buffer, schema: MessageSchema): Message {
  const reading = { reader: new WireReader(bytes), values: 0 };
  const root: Message = {};
  readInto(root, reading, schema, bytes.length);
  return root;
}

interface Reading {
  readonly reader: WireReader;
  values: number;
}

/** As deep as the schema and no deeper, for what the schema lacks is skipped. */
function readInto(into: Message, reading: Reading, schema: MessageSchema, end: number): void {
  const { reader } = reading;
  while (reader.position < end) {
    const tag = reader.tag();
    const field = schema[tag >>> 3];
    const wireType = tag & 7;
    if (field === undefined) reader.skip(wireType, end);
    else if (typeof field.type !== "string") {
      if (wireType !== LENGTH) throw malformed(`${field.name} is no message`);
      readInto(messageOf(into, reading, field), reading, field.type, reader.end(end));
    } else if (field.isRepeated) readElements(into, { reading, field, wireType, end });
    else into[field.name] = readScalar(reader, field.type, wireType, end);
  }
  if (reader.position !== end) throw malformed("a field reaches beyond its message");
}

/** The message that a field's next bytes belong to. */
function messageOf(into: Message, reading: Reading, { name, isRepeated }: FieldSchema): Message {
  const known = into[name] as Message | Message[] | undefined;
  if (!isRepeated && known !== undefined) return known as Message;
  countValue(reading);
  const message: Message = {};
  if (!isRepeated) into[name] = message;
  else if (Array.isArray(known)) known.push(message);
  else into[name] = [message];
  return message;
}

/** Numbers come packed into one field, or each in one of its own; both have to be read. */
function readElements(
  into: Message,
  {
    reading,
    field,
    wireType,
    end,
  }: { reading: Reading; field: FieldSchema; wireType: number; end: number },
): void {
  const { reader } = reading;
  const type = field.type as Scalar;
  const list = (into[field.name] ?? []) as unknown[];
  into[field.name] = list;
  const expected = wireTypeOf(type);
  const isPacked = wireType === LENGTH && expected !== LENGTH;
  const to = isPacked ? reader.end(end) : reader.position + 1;
  while (reader.position < to) {
    countValue(reading);
    list.push(readScalar(reader, type, isPacked ? expected : wireType, end));
  }
  if (isPacked && reader.position !== to) throw malformed("a list reaches beyond its field");
}

function countValue(reading: Reading): void {
  reading.values += 1;
  if (reading.values > MAX_VALUES) throw tooManyValues();
}

function readScalar(reader: WireReader, type: Scalar, wireType: number, end: number): unknown {
  if (wireType !== wireTypeOf(type))
    throw malformed(`wire type ${wireType} is not that of a ${type}`);
  if (type === "string" || type === "hex") return reader[type](end);
  return reader[type]();
}

function wireTypeOf(type: Scalar): number {
  if (type === "string" || type === "hex") return LENGTH;
  return type === "double" || type === "fixed64" || type === "sfixed64" ? FIXED64 : VARINT;
}
