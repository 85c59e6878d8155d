import { ANSWER_SCHEMAS } from "./answer-schemas.ts";
import { type Schema, text, time } from "./schema.ts";

interface Parameter {
  readonly name: string;
  readonly in: "query" | "path";
  readonly required: boolean;
  readonly description: string;
  readonly schema: Schema;
}

interface Response {
  readonly description: string;
  readonly content: Readonly<Record<"application/json", { readonly schema: Schema }>>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly responses: Readonly<Record<string, Response>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

/** The part of OpenAPI 3.1 that is used here. */
export interface ApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, { readonly get: Operation }>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

const whole: Schema = { type: "integer", minimum: 0 };

function inQuery(name: string, description: string, schema: Schema = text): Parameter {
  return { name, in: "query", required: false, description, schema };
}

function needed(parameter: Parameter): Parameter {
  return { ...parameter, required: true };
}

const from = inQuery("from", "Where the window begins; usually an hour before its end.", time);
const to = inQuery("to", "Where the window ends; now, if it is not said.", time);
const model = inQuery("model", "Of this model alone.");
const step = inQuery("step", "Milliseconds of each step; at most 1000 steps.", whole);
const WINDOW = [from, to, model];

const DRIFT = [
  needed(model),
  needed(inQuery("version", "Of this version.")),
  inQuery("baseline", "What it is held against: the manifest's reference, or the week before.", {
    type: "string",
    enum: ["reference", "previous"],
  }),
  inQuery("from", "Taken to whole days in UTC; a week before the end, if it is not said.", time),
  to,
];

const COMPARISON = [
  needed(model),
  needed(inQuery("a", "The version that is compared with.")),
  needed(inQuery("b", "The version that is compared.")),
  from,
  to,
];

const PREDICTION_ID: Parameter = {
  ...{ name: "id", in: "path", required: true, schema: text },
  description: "What the device called the prediction.",
};

function operation(
  name: string,
  [summary, answer, parameters = [], mayLack = false]: readonly [
    summary: string,
    answer: Schema,
    parameters?: readonly Parameter[],
    mayLack?: boolean,
  ],
): Operation {
  const response = (description: string, schema: Schema): Response => ({
    description,
    content: { "application/json": { schema } },
  });
  const problem = (description: string) =>
    response(description, { $ref: "#/components/schemas/Problem" });
  return {
    operationId: name,
    summary,
    parameters,
    responses: {
      "200": response("The answer.", answer),
      ...(parameters.length > 0
        ? { "400": problem("A parameter is wrong; the message names it.") }
        : {}),
      "401": problem("A read token is needed."),
      ...(mayLack ? { "404": problem("The collector has nothing of what was asked about.") } : {}),
      "429": problem("Too many requests; Retry-After says when to come back."),
      "500": problem("The collector failed to answer; its log says why."),
      "503": problem("The store cannot answer now; Retry-After says when to come back."),
    },
    security: [{ readToken: [] }, {}],
  };
}

function answered(
  name: string,
  summary: string,
  {
    parameters = [],
    mayLack = false,
  }: { parameters?: readonly Parameter[]; mayLack?: boolean } = {},
): { readonly get: Operation } {
  const schema = { $ref: `#/components/schemas/${name}Answer` };
  return { get: operation(name.toLowerCase(), [summary, schema, parameters, mayLack]) };
}

/** What the collector's API is, route by route; a test holds every answer against it. */
export const API_DOCUMENT: ApiDocument = {
  openapi: "3.1.0",
  info: {
    title: "Selvedge collector",
    version: "1",
    description:
      "What is known of models that run on devices. Times are milliseconds since 1970, durations milliseconds.",
  },
  paths: {
    "/api/models": answered("Models", "What has been seen running.", { parameters: WINDOW }),
    "/api/predictions": answered("Predictions", "How many predictions each step saw.", {
      parameters: [...WINDOW, step],
    }),
    "/api/predictions/{id}": answered("Prediction", "Where one prediction went.", {
      parameters: [PREDICTION_ID],
      mayLack: true,
    }),
    "/api/latency": answered("Latency", "How long predictions and phases of loading took.", {
      parameters: [...WINDOW, step],
    }),
    "/api/failures": answered("Failures", "What failed, by code.", { parameters: WINDOW }),
    "/api/health": answered("Health", "How each version does, by where it runs.", {
      parameters: WINDOW,
    }),
    "/api/drift": answered("Drift", "How far inputs and outputs have moved.", {
      parameters: DRIFT,
      mayLack: true,
    }),
    "/api/accuracy": answered("Accuracy", "What feedback says of each version.", {
      parameters: WINDOW,
    }),
    "/api/comparison": answered("Comparison", "Two versions side by side.", {
      parameters: COMPARISON,
    }),
    "/api/alerts": answered("Alerts", "Rules, where each stands, and what changed lately."),
    "/api/stats": answered("Stats", "What the collector itself holds and does."),
    "/api/openapi.json": {
      get: operation("openapi", ["This document.", { type: "object" }]),
    },
  },
  components: {
    schemas: ANSWER_SCHEMAS,
    securitySchemes: { readToken: { type: "http", scheme: "bearer" } },
  },
};
