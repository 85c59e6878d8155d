import { SelvedgeError } from "@selvedge/protocol";
import type { LoadOptions } from "../options.ts";
import { backendsOf, listCandidates, type WorthTrying } from "../proving/candidates.ts";
import { isRemembered, knownError } from "../proving/contest-failure.ts";
import { requireProof } from "../proving/require-proof.ts";
import { isFailureOfPlace, reasonOf, ruledOut, type Tried } from "../proving/rule-out.ts";
import { verdictsOn } from "../proving/survey.ts";
import type { Verdict } from "../proving/verdict.ts";
import type { Verdicts } from "../proving/verdicts.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import { Ladder, type Rung } from "./ladder.ts";
import type { LoadRooms } from "./load-rooms.ts";
import { openModel } from "./open.ts";
import { type Asked, renew, renewLater } from "./renew-gpu.ts";
import { subjectOf } from "./served.ts";
import { type Started, whyServing } from "./started.ts";
import { nameOf, type Places, selectorAt, surveyPlaces } from "./survey-places.ts";

/**
 * Opens a model on the first of the places that were asked for where it gives its golden answers. WASM is
 * trusted, as everywhere. The places after it stay on the ladder. Where what is stored does on none of
 * them, the registry is asked whether there is another version by now, once; where it does on WASM alone,
 * that is asked in idle time, for the next visit.
 *
 * @throws SelvedgeError `no-candidate`, with what became of each; what fetching throws, where that is why.
 */
export async function openInOrder(
  rooms: LoadRooms,
  selector: PackSelector,
  options: LoadOptions,
): Promise<Started> {
  const places = await surveyPlaces(rooms, selector, options);
  const opened = await openFirst(rooms, { selector, places }, options);
  const { signal, update } = options;
  if (!isNone(opened)) {
    const hasFailed = places.rungs.some(
      (rung) => rung.place.backend !== "wasm" && opened.ladder.standing(rung)?.state === "rejected",
    );
    if (opened.host.backend === "wasm" && hasFailed && update !== "manual")
      void renewLater(rooms, { selector, places });
    return opened;
  }
  if (!(await renew(rooms, { selector, places }, { purpose: "load", signal }))) throw opened.reason;
  const others = await surveyPlaces(rooms, selector, options);
  const again = await openFirst(rooms, { selector, places: others }, options);
  if (isNone(again)) throw again.reason;
  return again;
}

/** None of the places did. */
interface None {
  readonly reason: SelvedgeError;
}

function isNone(outcome: Started | None): outcome is None {
  return "reason" in outcome;
}

async function openFirst(
  rooms: LoadRooms,
  { selector, places }: Asked,
  options: LoadOptions,
): Promise<Started | None> {
  const { signal } = options;
  const tried: Tried[] = [];
  // Nothing but onnxruntime-web has places of which anything is remembered.
  const { digest } = places.contents;
  const verdictsOf = (pack: string) =>
    verdictsOn(places.facts, rooms.keeper, { digest: pack, engine: "onnx" });
  const failed = await failuresOf(verdictsOf(digest), places.rungs);
  for (const rung of places.rungs) {
    signal?.throwIfAborted();
    if (ruledOut(rung, tried) !== undefined) continue;
    const before = failed.get(rung);
    if (before !== undefined) {
      tried.push({ rung, error: before });
      continue;
    }
    const wanted = selectorAt(rung, selector, places.contents.variants);
    try {
      const { reason, ...opened } = await openThere(rooms, { rung, wanted }, options);
      return { ...opened, ladder: ladderOf(opened, { reason, places, tried }) };
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof SelvedgeError) || error.code === "closed") throw error;
      const subject = subjectOf(places.contents, rung);
      rooms.reporter.recorder.failed(subject, "prove", error.code);
      if (isFailureOfPlace(error)) rooms.reporter.recorder.rejected(subject, error.code);
      tried.push({ rung, error });
      if (rung.place.backend !== "wasm" && isRemembered(error)) {
        // It may be another version that was opened there than the one that was looked at.
        const at = async () => verdictsOf((await standingDigest(rooms, wanted)) ?? digest);
        void rememberFailure(at, rung, error);
      }
    }
  }
  const reason = noneLeft(places, tried);
  if (!(reason instanceof SelvedgeError) || reason.code !== "no-candidate") throw reason;
  return { reason };
}

/** What answers at a place by now, if anything does. */
async function standingDigest(
  { keeper }: LoadRooms,
  wanted: PackSelector,
): Promise<string | undefined> {
  const standing = await keeper.call((remote, call) => remote.standing(call, wanted));
  return standing?.current.digest;
}

/** What was found out on an earlier visit need not be found out again. WASM is tried all the same. */
async function failuresOf(
  verdicts: Verdicts,
  rungs: readonly Rung[],
): Promise<ReadonlyMap<Rung, SelvedgeError>> {
  const gpu = rungs.filter(({ place }) => place.backend !== "wasm");
  const known = await verdicts.read(gpu).catch(() => new Map<Rung, Verdict>());
  return new Map(
    [...known].flatMap(([rung, verdict]) => {
      if (verdict.outcome !== "failed") return [];
      const reason = `${verdict.reason} (found out before)`;
      return [[rung, knownError({ ...verdict, reason })]];
    }),
  );
}

/** Never rejects: what cannot be remembered is found out again. */
async function rememberFailure(
  at: () => Promise<Verdicts>,
  rung: Rung,
  { code, message: reason }: SelvedgeError,
): Promise<void> {
  const failed = { outcome: "failed", reason, code, dims: {}, at: Date.now(), loads: 0 } as const;
  try {
    await (await at()).write(rung, failed);
  } catch {
    // The keeper has gone, and its page with it.
  }
}

async function openThere(
  rooms: LoadRooms,
  { rung: { place }, wanted }: { readonly rung: Rung; readonly wanted: PackSelector },
  options: LoadOptions,
): Promise<Omit<Started, "ladder"> & { readonly reason: string }> {
  const host = rooms.newHost(place, wanted.trust);
  try {
    const first = await openModel({ host, keeper: rooms.keeper }, wanted, options);
    const { opened } = first;
    const finding =
      place.backend === "wasm" ? opened.finding : await requireProof(host, opened, options.signal);
    return { host, first, selector: wanted, reason: whyServing(first, "asked for", finding) };
  } catch (error) {
    host.dispose();
    throw error;
  }
}

/** What serves, what failed before it, and what may answer where it fails. */
function ladderOf(
  { host, first: { opened } }: Pick<Started, "host" | "first">,
  {
    reason,
    places: { wanted, facts },
    tried,
  }: { reason: string; places: Places; tried: readonly Tried[] },
): Ladder {
  const serving = { place: host.place, dtype: opened.dtype };
  const ladder = new Ladder(serving, reason);
  for (const { rung, error } of tried)
    ladder.note(rung, { state: "rejected", reason: reasonOf(error) });
  // What was opened may be another version than the one that was looked at.
  const { rungs, rejected } = listCandidates(opened.variants, wanted, facts);
  const known = [...tried, { rung: serving }];
  for (const rung of rungs)
    if (ladder.standing(rung) === undefined)
      ladder.note(rung, ruledOut(rung, known) ?? { state: "waiting", reason: rung.reason });
  for (const rung of rejected)
    if (ladder.standing(rung) === undefined)
      ladder.note(rung, { state: "rejected", reason: rung.reason });
  return ladder;
}

/** Where something other than the places is in the way, such as the network, that is the error. */
function noneLeft({ contents, rungs, rejected, wanted }: Places, tried: readonly Tried[]): unknown {
  const outside = tried.find(({ error }) => !isFailureOfPlace(error));
  if (outside !== undefined) return outside.error;
  const why = (rung: WorthTrying) => {
    const own = tried.find((one) => one.rung === rung);
    return own === undefined ? ruledOut(rung, tried)?.reason : reasonOf(own.error);
  };
  const reasons = [
    ...rejected.map((rung) => `${nameOf(rung)}: ${rung.reason}`),
    ...rungs.map((rung) => `${nameOf(rung)}: ${why(rung)}`),
  ];
  const { name, version } = contents;
  const backends = backendsOf(wanted.backend);
  const packed = contents.variants.filter((variant) =>
    backends.some((backend) => variant.backends.includes(backend)),
  );
  const next = backends.includes("wasm")
    ? "Pack it for what the device has, or use another."
    : 'Load it with backend "auto" or "wasm".';
  const advice =
    wanted.dtype === "auto" || packed.length === 0
      ? next
      : `It is packed there as ${[...new Set(packed.map(({ dtype }) => dtype))].join(", ")}: ask for one of those.`;
  return new SelvedgeError(
    "no-candidate",
    `${name}@${version} can run on none of what was asked for (${backends.join(", ")}): ${reasons.join("; ")}. ${advice}`,
    { cause: tried.at(-1)?.error, detail: { backends, reasons } },
  );
}
