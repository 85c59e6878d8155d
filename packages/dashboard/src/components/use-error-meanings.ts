import { useSignal, useSignalEffect } from "@preact/signals";
import type { ErrorMeaning } from "../errors/parse-error-table.ts";

/** What each code means, once that has been fetched; `undefined` before, and where it cannot be had. */
export function useErrorMeanings(): ReadonlyMap<string, ErrorMeaning> | undefined {
  const meanings = useSignal<ReadonlyMap<string, ErrorMeaning> | undefined>(undefined);
  useSignalEffect(() => {
    import("../errors/error-meanings.ts").then(
      ({ ERROR_MEANINGS }) => {
        meanings.value = ERROR_MEANINGS;
      },
      // Failures are shown without: codes and counts matter more.
      () => undefined,
    );
  });
  return meanings.value;
}
