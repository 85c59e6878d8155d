import { PACKABLE_DTYPES, type PackableDtype } from "@selvedge/packer";
import { UsageError } from "./command-line.ts";

/**
 * Reads `--dtype fp32,q8`.
 *
 * @throws UsageError for one that cannot be packed, or that comes twice.
 */
export function readDtypes(list: string | undefined): PackableDtype[] | undefined {
  if (list === undefined) return undefined;
  const dtypes: PackableDtype[] = [];
  for (const name of list.split(",").map((item) => item.trim())) {
    const dtype = PACKABLE_DTYPES.find((known) => known === name);
    if (dtype === undefined)
      throw new UsageError(
        `--dtype ${list}: "${name}" cannot be packed; the precisions are ${PACKABLE_DTYPES.join(", ")}`,
      );
    if (dtypes.includes(dtype)) throw new UsageError(`--dtype ${list}: ${dtype} comes twice`);
    dtypes.push(dtype);
  }
  return dtypes;
}
