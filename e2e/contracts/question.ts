/** A tensor as JSON has it: 64-bit integers as strings. */
export interface WrittenTensor {
  readonly type: "float32" | "int64";
  readonly values: readonly (number | string)[];
  readonly dims: readonly number[];
}

/** Inputs, and what they come to without any runtime. */
export interface Question {
  readonly inputs: Readonly<Record<string, WrittenTensor>>;
  readonly right: Readonly<Record<string, WrittenTensor>>;
}

/** The models that contracts are about. Each is in the registry under this name. */
export type ContractModel = "lande" | "rows" | "meter" | "dense";

/** What lies beside the registry of the contracts, for the page to read. */
export interface Questions {
  readonly of: Readonly<Record<ContractModel, readonly Question[]>>;
  /** The language of each text that lande is asked about. */
  readonly languages: readonly string[];
  /** Bytes that a device fetches for the two ways of rows to be float16: computed so, and only stored so. */
  readonly halfBytes: { readonly computed: number; readonly stored: number };
}
