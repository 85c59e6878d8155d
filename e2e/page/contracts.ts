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

/** Less than any driver waits for, so that what is told is where it stopped. */
const PATIENCE_MS = 80_000;

async function holdContract(title: string): Promise<void> {
  const hold = CONTRACTS[title];
  if (hold === undefined) throw new Error(`there is no contract "${title}"`);
  let step = "forgetting what is stored";
  const work = async () => {
    await forget();
    step = "looking at the browser";
    const facts = await readFacts();
    const questions: Questions = await (await fetch("/models/questions.json")).json();
    const script = new URL(engineScript, location.href).href;
    const visit = new Visit({ facts, questions, engineScript: script, createSelvedge });
    try {
      step = "holding it to the contract";
      await hold(visit);
    } finally {
      step += ", and closing";
      await visit.leave();
    }
  };
  await Promise.race([work(), late(() => step)]);
  if (strays.length > 0) throw new Error(`strays: ${strays.join("; ")}`);
}

function late(step: () => string): Promise<never> {
  return new Promise((_, reject) => {
    const tell = () => reject(new Error(`still ${step()} after ${PATIENCE_MS / 1000} s`));
    setTimeout(tell, PATIENCE_MS);
  });
}

Object.assign(globalThis, { holdContract, readFacts });
