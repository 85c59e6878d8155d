/** What becomes of a truth that somebody tells of an answer. */
export interface Told {
  readonly text: string;
  /** Why it could not be counted, where something is in the way. */
  readonly reason?: string;
}

/** Waits for a truth to be counted, and says in a few words whether it is. Never rejects. */
export async function told(counting: Promise<boolean>): Promise<Told> {
  try {
    return { text: (await counting) ? "counted" : "not counted: nothing is sent from here" };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { text: "could not be counted", reason };
  }
}
