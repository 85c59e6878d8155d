import { decodeResource, type Resource } from "./decode-attributes.ts";
import { listAt, objectAt } from "./read-fields.ts";

/** A metric, a log record or a span with what stands around it. */
export interface RequestItem {
  readonly item: unknown;
  /** Where it is, for errors. */
  readonly path: string;
  readonly resource: Resource;
}

/** What the three levels of a request are called. */
interface Levels {
  readonly resources: string;
  readonly scopes: string;
  readonly items: string;
}

export const METRICS_LEVELS: Levels = {
  resources: "resourceMetrics",
  scopes: "scopeMetrics",
  items: "metrics",
};

export const LOGS_LEVELS: Levels = {
  resources: "resourceLogs",
  scopes: "scopeLogs",
  items: "logRecords",
};

export const TRACES_LEVELS: Levels = {
  resources: "resourceSpans",
  scopes: "scopeSpans",
  items: "spans",
};

/**
 * Goes through a request, whichever signal it is of.
 *
 * @throws SelvedgeError `telemetry-invalid` where something is not what OTLP says.
 */
export function* walkRequest(body: unknown, levels: Levels): Generator<RequestItem> {
  const at = (value: unknown, key: string, path: string) =>
    listAt(objectAt<Record<string, unknown>>(value, path)[key], `${path}.${key}`);
  for (const [r, ofResource] of at(body, levels.resources, "body").entries()) {
    const resourcePath = `${levels.resources}[${r}]`;
    const fields = objectAt<{ resource: unknown }>(ofResource, resourcePath);
    const resource = decodeResource(fields.resource, `${resourcePath}.resource`);
    for (const [s, ofScope] of at(ofResource, levels.scopes, resourcePath).entries()) {
      const scopePath = `${resourcePath}.${levels.scopes}[${s}]`;
      for (const [i, item] of at(ofScope, levels.items, scopePath).entries())
        yield { item, path: `${scopePath}.${levels.items}[${i}]`, resource };
    }
  }
}
