/** Something in a registry that is not as it should be. */
export interface Problem {
  /** The part of the registry it was found in. */
  readonly part:
    | "channels"
    | "manifest"
    | "segment"
    | "graph"
    | "tensor"
    | "delta"
    | "root"
    | "channels"
    | "manifest"
    | "signature"
    | "segment"
    | "graph"
    | "tensor"
    | "attachment"
    | "golden"
    | "image"
    | "tests";
  /** What is wrong with what, and what to do about it. */
  readonly message: string;
  /** The version it was found in; absent for problems of the channel and root documents. */
  readonly version?: string;
  /** The bytes that are wrong: a file of the registry and a range of it, its end not included. */
  readonly at?: { readonly file: string; readonly start: number; readonly end: number };
}
