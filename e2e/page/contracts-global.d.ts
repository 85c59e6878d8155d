/** What `contracts.ts` puts on its page. */
declare function holdContract(title: string): Promise<void>;
declare function readFacts(): Promise<import("../contracts/facts.ts").Facts>;

/** The address that Vite serves a file under. */
declare module "*?url" {
  const url: string;
  export default url;
}
