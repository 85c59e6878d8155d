import { isAbsolute, relative, sep } from "node:path";

/** Whether a path leads to something inside a folder. Both must be real ones, links followed. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
