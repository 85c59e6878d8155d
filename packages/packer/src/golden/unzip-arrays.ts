import { type UnzipFileInfo, unzipSync } from "fflate";
import type { Refuse } from "./cases-file.ts";

/** What unpacked arrays may take in all. */
const LARGEST_CONTENT = 2 ** 30;

/** More arrays than a file of cases has, and few enough to look at each. */
const MOST_ARRAYS = 100_000;

/** Deflate makes nothing smaller than this. */
const DEFLATE_RATIO = 1032;

/** How entries may be packed, as zip numbers it. */
const [STORED, DEFLATED] = [0, 8];

/** The files in an archive of NumPy's, by key. Sizes are checked before anything is unpacked. */
export function unzipArrays(bytes: Uint8Array, refuse: Refuse): [key: string, file: Uint8Array][] {
  const sizes = new Map<string, number>();
  let total = 0;
  let problem = "not an archive that NumPy saved, or a damaged one";
  // Only what is thrown ends the reading of an archive that claims to hold billions of entries.
  const stop = (what: string): never => {
    problem = what;
    throw new Error(what);
  };
  const filter = ({ name, size, originalSize, compression }: UnzipFileInfo): boolean => {
    const file = JSON.stringify(name);
    total += originalSize;
    if (!name.endsWith(".npy")) stop(`it holds ${file}, which is no .npy file`);
    if (sizes.has(name)) stop(`it holds ${file} twice`);
    if (sizes.size === MOST_ARRAYS) stop(`it holds more than ${MOST_ARRAYS} arrays`);
    if (compression !== STORED && compression !== DEFLATED)
      stop(`${file} is packed in a way that NumPy does not use`);
    if (originalSize > (compression === STORED ? size : size * DEFLATE_RATIO))
      stop(`${file} cannot hold the ${originalSize} bytes it claims to`);
    if (total > LARGEST_CONTENT) stop(`its arrays take more than ${LARGEST_CONTENT} bytes`);
    sizes.set(name, originalSize);
    return true;
  };
  let files: Readonly<Record<string, Uint8Array>>;
  try {
    files = unzipSync(bytes, { filter });
  } catch {
    return refuse(problem);
  }
  return Object.entries(files).map(([name, file]) =>
    file.length === sizes.get(name)
      ? [name.slice(0, -".npy".length), file]
      : refuse(`${JSON.stringify(name)} is cut short`),
  );
}
