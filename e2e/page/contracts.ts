/** Holds the package to its contracts, one at a time, for whoever drives this page from outside. */
import { createSelvedge } from "selvedge";
import engineScript from "../../packages/sdk/dist/worker/engine.js?url";
import { CONTRACTS } from "../contracts/contracts.ts";
import { readFacts } from "../contracts/facts.ts";
import type { Questions } from "../contracts/question.ts";
import { Visit } from "../contracts/visit.ts";

/** What happened that nobody took care of. */
const strays: string[] = [];
addEventListener("error", ({ message }) => strays.push(message));
addEventListener("unhandledrejection", ({ reason }) => strays.push(`unhandled: ${reason}`));

/** Deletes what the device keeps of models, and what it found out about them. */
function forget(): Promise<void> {
  return new Promise((resolve, reject) => {
    const deletion = indexedDB.deleteDatabase("selvedge");
    deletion.onsuccess = () => resolve();
    deletion.onerror = () => reject(deletion.error);
  });
}

async function holdContract(title: string): Promise<void> {
  const hold = CONTRACTS[title];
  if (hold === undefined) throw new Error(`there is no contract "${title}"`);
  await forget();
  const facts = await readFacts();
  const questions: Questions = await (await fetch("/models/questions.json")).json();
  const visit = new Visit({
    facts,
    questions,
    engineScript: new URL(engineScript, location.href).href,
    createSelvedge,
  });
  try {
    await hold(visit);
  } finally {
    await visit.leave();
  }
  if (strays.length > 0) throw new Error(`strays: ${strays.join("; ")}`);
}

Object.assign(globalThis, { holdContract, readFacts });
