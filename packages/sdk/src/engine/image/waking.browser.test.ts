import { afterEach, beforeEach, expect, test } from "vitest";
import type { Database } from "../../store/database.ts";
import { freshDatabase } from "../../store/fresh-database.fixture.ts";
import { unwrap } from "../../worker/outcome.ts";
import {
  type HostKind,
  hibernateOnce,
  installPack,
  startEngine,
  type TestEngine,
  tinyPack,
} from "./sleeper.fixture.ts";

let database: Database;
let engines: TestEngine[];

beforeEach(async () => {
  database = await freshDatabase();
  engines = [];
  await installPack(database, await tinyPack());
});

afterEach(() => {
  for (const engine of engines) engine.end();
});

function start(...how: Parameters<typeof startEngine>): TestEngine {
  const engine = startEngine(...how);
  engines.push(engine);
  return engine;
}

test.each<[HostKind, "run" | "full"]>([
  ["whole", "full"],
  ["fitted", "run"],
])(
  "on a %s host an engine wakes at step %s, and answers to the last bit as one that was loaded",
  async (kind, step) => {
    const made = await hibernateOnce(kind);
    expect(made).not.toHaveProperty("declined");
    const loaded = start(kind);
    unwrap(await loaded.open());
    const woken = start(kind, { isPatient: true });
    const opened = unwrap(await woken.open({ wake: "run" }));
    expect(opened?.waking).toMatchObject({ step, image: { key: made.key, bytes: made.bytes } });
    for (let seed = 0; seed < 200; seed++) {
      const rows = 1 + (seed % 4);
      const [got, want] = [await woken.answer(seed, rows), await loaded.answer(seed, rows)];
      expect(new Uint32Array(got.buffer)).toEqual(new Uint32Array(want.buffer));
    }
    expect(unwrap(await woken.api.checkWoken(1))).toMatchObject({ holds: true });
  },
);
