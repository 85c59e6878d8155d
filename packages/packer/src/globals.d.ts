// What every JavaScript runtime has and Node's types leave out. Interfaces and functions only, which a
// browser's library, where tests have one, merges with.
declare namespace WebAssembly {
  interface Module {}
  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>;
}
