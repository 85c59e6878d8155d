// Judges the official tests whose folders it is sent, in a process that may crash or hang alone.
import { Runtime } from "../packages/packer/dist/with-runtime.js";
import { judgeOfficialTest } from "./judge-official-test.mjs";

// One thread for all that is packed here: starting one takes longer than a test does.
const runtime = new Runtime({ timeoutMs: 30_000 });

process.on("message", async (folder) =>
  process.send(await runtime.around(() => judgeOfficialTest(folder))),
);
