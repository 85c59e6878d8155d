import { sha256 } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { noise } from "../store/pack.fixture.ts";
import { missingPieces } from "../store/pieces.ts";
import { PieceWriter } from "./piece-writer.ts";

test("a piece is written as it comes: a tab that is closed before the next one has lost nothing", async () => {
  const database = await freshDatabase();
  const writer = new PieceWriter(database);
  const bytes = noise(5000, 1);
  const blob = { sha256: await sha256(bytes), bytes: bytes.byteLength };
  await writer.room(bytes.byteLength, new AbortController().signal);
  await writer.add({ key: [blob.sha256, 0], bytes: bytes.buffer });
  await expect.poll(async () => (await missingPieces(database, [blob])).size).toBe(0);
  await writer.flush();
});
