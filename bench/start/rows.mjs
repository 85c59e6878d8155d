import { ratiosTo, summary } from "../delivery/summary.mjs";
import { PEERS } from "./contenders.mjs";

/**
 * Rows of results about visits, for each contender: how soon it answered, how late the page's timer was,
 * and what each stage took where the contender tells.
 *
 * @param visits by contender
 */
export function rowsOfVisits(title, visits) {
  return [...visits].flatMap(([contender, done]) => {
    const row = (what, timeOf) =>
      summary(`${title}: ${what}`, contender, ["duration", "ms"], done.map(timeOf));
    const stages = Object.keys(done[0].stages ?? {}).map((stage) =>
      row(`stage ${stage.replace(/Ms$/, "")}`, (visit) => visit.stages[stage]),
    );
    // Only a contender that tells when its worker's script ran can be measured from there.
    const fromWorker = done[0].stages?.spawnMs === undefined ? [] : [row(FROM_WORKER, sinceWorker)];
    return [
      row("navigation to first prediction", ({ answeredAt }) => answeredAt),
      row("load() to first prediction", ({ answeredAt, loadedFrom }) => answeredAt - loadedFrom),
      ...fromWorker,
      row("the page's timer late by", ({ gap }) => gap),
      ...stages,
    ];
  });
}

const FROM_WORKER = "worker start to first prediction";

function sinceWorker({ answeredAt, loadedFrom, stages: { spawnMs } }) {
  return answeredAt - loadedFrom - spawnMs;
}

/** How rows that peers have too are to theirs. */
export function ratiosToPeers(rows, peers = PEERS) {
  const compared = rows.filter(({ name }) => !name.includes("stage"));
  return peers.flatMap((peer) => ratiosTo(peer, compared));
}

/** @throws where contenders that ran the same numbers answered differently */
export function requireAgreement(title, visits) {
  const totals = [...visits].map(([contender, done]) => ({ contender, total: done[0].total }));
  const [{ total: expected }] = totals;
  const other = totals.find(
    ({ total }) => Math.abs(total - expected) > 1e-3 * Math.max(1, Math.abs(expected)),
  );
  if (other !== undefined)
    throw new Error(`${title}: ${other.contender} answers ${other.total}, others ${expected}`);
}
