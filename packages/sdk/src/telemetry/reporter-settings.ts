import type { OtlpBatch } from "@selvedge/protocol";
import type { ConsentPolicy } from "./consent.ts";
import type { CourierSettings } from "./courier.ts";
import type { TracingOptions } from "./tracing.ts";

/** How a page's telemetry goes. */
export interface TelemetrySettings extends CourierSettings, ConsentPolicy {}

/** What a reporter is made for. */
export interface ReporterSettings {
  /** Absent: nothing is kept, nothing sent. */
  readonly telemetry: TelemetrySettings | undefined;
  readonly service: string;
  readonly tracing?: TracingOptions;
  /** Told of each request that was acknowledged. */
  readonly onSend?: ((request: OtlpBatch) => void) | undefined;
}
