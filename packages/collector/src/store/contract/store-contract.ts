import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe } from "vitest";
import type { Store } from "../store.ts";
import { answersContract } from "./answers-contract.ts";
import { distributionsContract } from "./distributions-contract.ts";
import { durabilityContract } from "./durability-contract.ts";
import { healthContract } from "./health-contract.ts";
import { maintenanceContract } from "./maintenance-contract.ts";
import { seenContract } from "./seen-contract.ts";
import type { StoreModule } from "./spawn-writer.ts";
import { totalsContract } from "./totals-contract.ts";

/** What the parts of the contract are given. */
export interface StoreUnderTest {
  /** Opens the store of this test; whatever is still open at its end is closed. */
  readonly open: () => Promise<Store>;
  /** Where the store of this test is kept. */
  readonly path: () => string;
  /** An empty folder of this test. */
  readonly folder: () => string;
  /** The same store, for a process of its own. */
  readonly module: StoreModule;
}

/** Registers the tests that every store has to pass. */
export function storeContract(
  name: string,
  { open, module }: { open: (path: string) => Promise<Store>; module: StoreModule },
): void {
  describe(name, () => {
    let folder: string;
    let opened: Store[];
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "selvedge-store-"));
      opened = [];
    });
    afterEach(async () => {
      for (const store of opened) await store.close();
      await rm(folder, { recursive: true });
    });
    const path = () => join(folder, "store");
    const underTest: StoreUnderTest = {
      open: async () => {
        const store = await open(path());
        opened.push(store);
        return store;
      },
      path,
      folder: () => folder,
      module,
    };
    answersContract(underTest);
    healthContract(underTest);
    distributionsContract(underTest);
    maintenanceContract(underTest);
    totalsContract(underTest);
    seenContract(underTest);
    durabilityContract(underTest);
  });
}
