import { fileURLToPath } from "node:url";
import { storeContract } from "./contract/store-contract.ts";
import { openStore } from "./open-store.ts";

storeContract("a store in DuckDB with a journal before it", {
  open: openStore,
  module: {
    file: fileURLToPath(new URL("open-store.ts", import.meta.url)),
    open: openStore.name,
  },
});
