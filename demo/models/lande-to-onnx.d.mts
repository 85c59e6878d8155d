export function landeOnnx(): Uint8Array<ArrayBuffer>;
export function landeAttachments(): Readonly<Record<"languages.json" | "ngrams.json", string>>;
