import { type ZipOptions, zipSync } from "fflate";

/** An array for an `.npz` file: NumPy's type, its shape, and its bytes as they are to lie there. */
export interface FixtureArray {
  readonly descr: string;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView<ArrayBuffer>;
  readonly isFortranOrder?: boolean;
  readonly version?: 1 | 2 | 3;
}

/** An `.npz` file, as `numpy.savez` writes it. */
export function npz(
  arrays: Readonly<Record<string, FixtureArray>>,
  level: ZipOptions["level"] = 0,
) {
  const files = Object.entries(arrays).map(([key, array]) => [`${key}.npy`, npy(array)] as const);
  return new Uint8Array(zipSync(Object.fromEntries(files), { level }));
}

/** An `.npy` file, as `numpy.save` writes it. */
export function npy({ descr, shape, data, isFortranOrder = false, version = 1 }: FixtureArray) {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const order = isFortranOrder ? "True" : "False";
  return npyFile(
    `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${tuple}, }`,
    data,
    version,
  );
}

/** An `.npy` file with any header at all. */
export function npyFile(
  header: string,
  data: ArrayBufferView<ArrayBuffer> = new Uint8Array(),
  version: 1 | 2 | 3 = 1,
): Uint8Array<ArrayBuffer> {
  const start = version === 1 ? 10 : 12;
  const padded = `${header}${" ".repeat(63 - ((start + header.length) % 64))}\n`;
  const file = new Uint8Array(start + padded.length + data.byteLength);
  file.set([0x93, ...new TextEncoder().encode("NUMPY"), version, 0]);
  const view = new DataView(file.buffer);
  if (version === 1) view.setUint16(8, padded.length, true);
  else view.setUint32(8, padded.length, true);
  file.set(new TextEncoder().encode(padded), start);
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start + padded.length);
  return file;
}
