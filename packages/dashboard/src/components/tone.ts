/** How a verdict looks: each has a colour and a shape of its own. */
export type Tone = "good" | "bad" | "warn" | "quiet";
