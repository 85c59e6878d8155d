/** What `main.ts` puts on the bare page. */
declare const selvedgeModule: typeof import("selvedge");
declare function blankLine(): import("selvedge").Tensor;
