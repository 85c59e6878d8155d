/**
 * Damages what a page's browser keeps of a model: `flip` inverts 4 KB of it, so far into it; and
 * `truncate` leaves only so much of an entry.
 *
 * @typedef {{ kind: "flip" | "truncate", share: number }} Damage
 */

/** Of the model's file in the Cache API. Runs in a page, so that all it uses stands in it. */
export async function damageCache({ kind, share }) {
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    const request = (await cache.keys()).find(({ url }) => url.endsWith(".onnx"));
    if (request === undefined) continue;
    const response = await cache.match(request);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const start = Math.floor(share * bytes.length) & -4096;
    if (kind === "flip") for (let i = start; i < start + 4096; i++) bytes[i] ^= 0xff;
    const left = kind === "flip" ? bytes : bytes.slice(0, start);
    await cache.put(request, new Response(left));
    return;
  }
  throw new Error("no model in the Cache API");
}

/** Of the model's pieces in IndexedDB, one record each. Runs in a page. */
export async function damagePieces({ kind, share }) {
  const result = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await result(indexedDB.open("selvedge"));
  const transaction = database.transaction("pieces", "readwrite");
  const store = transaction.objectStore("pieces");
  const [keys, pieces] = await Promise.all([result(store.getAllKeys()), result(store.getAll())]);
  let left = share * pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const hit = pieces.findIndex(({ byteLength }) => {
    left -= byteLength;
    return left < 0 && byteLength >= 4096;
  });
  const bytes = new Uint8Array(pieces[hit]);
  const start = (bytes.length - 4096) >> 1;
  if (kind === "flip") for (let i = start; i < start + 4096; i++) bytes[i] ^= 0xff;
  store.put(kind === "flip" ? bytes.buffer : bytes.buffer.slice(0, start), keys[hit]);
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  database.close();
}
