import fc from "fast-check";

/**
 * Gives every property test the same cases in every run, so that what lands does not hang on what was drawn;
 * `npm run soak` draws new ones. A property that fails says its seed: `SELVEDGE_SEED=… npx vitest run FILE`.
 */
fc.configureGlobal({ seed: Number(process.env.SELVEDGE_SEED ?? 1) });
