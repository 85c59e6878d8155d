/** The model's file, fetched from the package registry the first time, as packages are. */
export function sileroFile(): Promise<string>;
