// What onnxruntime-web imports in place of its glue, as the SDK's `runtime/glue-shim.ts` is in a browser.
import { emptyGlueHost, startGlue } from "@selvedge/protocol";

/** Set before the first session is asked for. */
export const host = emptyGlueHost();

export default function glueWithModule(config) {
  return startGlue(host, config);
}
