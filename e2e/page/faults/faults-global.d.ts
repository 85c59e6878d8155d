/** What `main.ts` puts on the page, besides the package. */
declare const engines: import("./faulty-engines.ts").FaultyEngines;
declare function openSelvedge(): import("selvedge").Selvedge;
declare const callAtOnce: typeof import("./questions.ts").callAtOnce;
declare const callInTurn: typeof import("./questions.ts").callInTurn;
declare const codeOf: typeof import("./questions.ts").codeOf;
declare const until: typeof import("./questions.ts").until;

/** The address of a worker that Vite has bundled. */
declare module "*?worker&url" {
  const url: string;
  export default url;
}
