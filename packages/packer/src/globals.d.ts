// What every JavaScript runtime has and Node's types leave out, as far as it is used here. Tests have a
// browser's library in its place.
declare namespace WebAssembly {
  type Module = object;
  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>;
}
