// The few web globals that browsers, workers and Node share. Declared here, rather than by a
// runtime's library, so that nothing else can leak into code that must run anywhere.
declare const crypto: {
  readonly subtle: {
    digest(algorithm: "SHA-256", data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
  };
};
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes: ArrayBuffer | ArrayBufferView): string;
}
declare function btoa(binary: string): string;
declare function atob(base64: string): string;
