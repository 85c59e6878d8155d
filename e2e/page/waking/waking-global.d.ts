/** What `main.ts` puts on the page, besides the package. */
declare const device: typeof import("./device.ts");
declare const answersOf: typeof import("./ask.ts").answersOf;
