import { addressOf } from "../delivery/contenders.mjs";
import { FAST } from "../delivery/links.mjs";
import { ratiosTo, summary } from "../delivery/summary.mjs";
import { visit, withProfile } from "../delivery/visit.mjs";
import { CONTENDERS } from "./contenders.mjs";
import { peakWhile } from "./renderer-memory.mjs";
import { SUBJECTS, titleOf } from "./subjects.mjs";

const BLANK = { page: "blank" };

/** Here also whoever leaves it all to the page's own thread, as that costs memory before it costs time. */
const MEASURED = { ...CONTENDERS, "onnxruntime-web on the page": { page: "plain" } };

/** A page is watched for so long after its first answer. */
const STAY_MS = 2_000;

/** What is compared with: pages that run onnxruntime-web themselves, and a worker that someone wrote. */
const PEERS = ["onnxruntime-web on the page", "transformers.js", "careful worker"];

/** A first and a second visit each: the most that renderers take over those of a blank page. */
export async function measureMemory(bench) {
  bench.host.become({ ...FAST, caching: "strong" });
  const blanks = [];
  for (let round = 0; round < bench.rounds; round++)
    await withProfile(async (profile) => blanks.push(await peakOf(bench, BLANK, { profile })));
  const blank = [...blanks].sort((a, b) => a - b)[blanks.length >> 1];
  const rows = [];
  for (const subject of SUBJECTS) {
    const peaks = new Map(
      Object.keys(MEASURED).map((contender) => [contender, { cold: [], warm: [] }]),
    );
    for (let round = 0; round < bench.rounds; round++)
      for (const [contender, { cold, warm }] of peaks)
        await withProfile(async (profile) => {
          const how = { ...subject, profile };
          cold.push((await peakOf(bench, MEASURED[contender], how)) - blank);
          warm.push((await peakOf(bench, MEASURED[contender], how)) - blank);
        });
    for (const kind of ["cold", "warm"])
      for (const [contender, { [kind]: bytes }] of peaks)
        rows.push(
          summary(
            `${kind}, ${titleOf(subject)}: peak renderer memory over a blank page`,
            contender,
            ["size", "MB"],
            bytes.map((each) => each / 1e6),
          ),
        );
  }
  return { results: rows, ratios: PEERS.flatMap((peer) => ratiosTo(peer, rows)) };
}

async function peakOf({ url, executablePath }, contender, { profile, ...subject }) {
  const options = { executablePath, profile, stayMs: STAY_MS };
  const peak = await peakWhile(profile, () => visit(url + addressOf(contender, subject), options));
  if (peak === 0) throw new Error("no renderer was seen: this is measured on Linux only");
  return peak;
}
