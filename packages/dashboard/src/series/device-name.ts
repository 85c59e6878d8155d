const NAMES: ReadonlyMap<string, string> = new Map([
  ["desktop-high", "Desktop, strong"],
  ["desktop-low", "Desktop, weak"],
  ["mobile-high", "Phone, strong"],
  ["mobile-low", "Phone, weak"],
]);

/** A device class for people; what is none stays as it was sent. */
export function deviceName(device: string): string {
  return NAMES.get(device) ?? device;
}
