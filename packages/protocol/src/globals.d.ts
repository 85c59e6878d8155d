// The few web globals that browsers, workers and Node share. Declared here, rather than by a
// runtime's library, so that nothing else can leak into code that must run anywhere.
interface CryptoKey {
  readonly type: string;
}
declare const crypto: {
  readonly subtle: {
    digest(algorithm: "SHA-256", data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
    importKey(
      format: "jwk",
      key: { readonly kty: string; readonly crv: string; readonly x: string; readonly y: string },
      algorithm: { readonly name: "ECDSA"; readonly namedCurve: "P-256" },
      extractable: boolean,
      usages: ("sign" | "verify")[],
    ): Promise<CryptoKey>;
    sign(
      algorithm: { readonly name: "ECDSA"; readonly hash: "SHA-256" },
      key: CryptoKey,
      data: ArrayBuffer | ArrayBufferView,
    ): Promise<ArrayBuffer>;
    verify(
      algorithm: { readonly name: "ECDSA"; readonly hash: "SHA-256" },
      key: CryptoKey,
      signature: ArrayBuffer | ArrayBufferView,
      data: ArrayBuffer | ArrayBufferView,
    ): Promise<boolean>;
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
declare namespace WebAssembly {
  type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  class Memory {
    readonly buffer: ArrayBufferLike;
    grow(pages: number): number;
  }
  class Table {
    readonly length: number;
  }
  class Global {
    value: unknown;
  }
  function instantiate(module: Module, imports: Imports): Promise<Instance>;
}
