/** A JSON Schema, draft 2020-12, as OpenAPI 3.1 has it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly $ref?: string;
}

export const text: Schema = { type: "string" };
export const number: Schema = { type: "number" };
export const count: Schema = { type: "number", minimum: 0 };
export const share: Schema = { type: "number", minimum: 0, maximum: 1 };

/** Milliseconds since 1970. */
export const time: Schema = { type: "integer", description: "Milliseconds since 1970." };

/** An object with exactly these properties. */
export function object(properties: Readonly<Record<string, Schema>>): Schema {
  return {
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}

/** An object whose keys are not known before. */
export function record(values: Schema): Schema {
  return { type: "object", additionalProperties: values };
}

export function list(items: Schema): Schema {
  return { type: "array", items };
}

export function oneOf(...values: readonly string[]): Schema {
  return { type: "string", enum: values };
}

export function nullable(schema: Schema): Schema {
  return { anyOf: [schema, { type: "null" }] };
}

export function described(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

/** A schema among the document's components. */
export function reference(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}
