import { type OutputComparison, type ReplayResult, replay } from "@selvedge/packer";
import { type Command, WRONG } from "../command.ts";
import { onlyArgument, readCommandLine, required } from "../command-line.ts";
import { printable } from "../printable.ts";
import { readTimeout } from "../read-timeout.ts";

export const replayCommand: Command = {
  name: "replay",
  summary: "run a captured prediction again, and compare",
  help: `Usage: selvedge replay FILE --registry DIR

Runs a prediction again that a page made with {capture: true} and exported, with the very pack that
answered it, and says where the outputs differ: output, element, and by how much. They have to be the
same to the bit where the page ran the same build of onnxruntime-web on WASM, and elsewhere within the
pack's tolerance. Exits with 1 if they are not. FILE holds what went in and came out of the prediction.

  --registry DIR      the registry's folder
  --timeout SECONDS   how long loading the model, or running it, may take (default 600)
  --json              print {ok, record, expected, isExact, outputs, told} as JSON`,
  run: async (args, terminal, signal) => {
    const { values, positionals } = readCommandLine(args, {
      registry: { type: "string" },
      timeout: { type: "string" },
      json: { type: "boolean" },
    });
    const file = onlyArgument(positionals, "FILE");
    const registry = required(values.registry, "--registry DIR");
    terminal.progress(`Replaying ${file}…`);
    const timeoutMs = readTimeout(values.timeout);
    const result = await replay({ file, registry, timeoutMs, signal });
    terminal.progress("");
    if (values.json === true) terminal.out(JSON.stringify(result));
    else for (const line of describe(result)) terminal.out(printable(line));
    return result.ok ? undefined : WRONG;
  },
};

function describe({ record, expected, isExact, ok, outputs }: ReplayResult): string[] {
  const { id, model, version, dtype, backend, runtime, build } = record;
  const held = expected.kind === "exact" ? "to the bit" : `within tolerance: ${expected.reason}`;
  const verdict = isExact ? "the same to the bit" : ok ? "within tolerance" : "not the same";
  return [
    `prediction ${id}: ${verdict}`,
    `  pack       ${model}@${version} ${dtype}, ${record.digest}`,
    `  ran        ${new Date(record.at).toISOString()}, ${runtime} ${build} on ${backend}, ${record.browser}`,
    `  has to be  the same ${held}`,
    ...outputs.map((output) => `  output     ${describeOutput(output)}`),
  ];
}

function describeOutput(output: OutputComparison): string {
  const { name, elements, shape, differing, outside, first, furthest } = output;
  if (shape !== undefined) return `${name}: ${shape}`;
  if (differing === 0 || first === undefined)
    return `${name}: all ${elements} elements are the same`;
  const off = `${name}: ${differing} of ${elements} elements differ, ${outside} of them by too much`;
  const at = `the first at ${first.index}: ${first.replayed} instead of ${first.recorded}`;
  if (furthest === undefined) return `${off}; ${at}`;
  return `${off}; ${at}; furthest off at ${furthest.index}, by ${furthest.by}: ${furthest.replayed} instead of ${furthest.recorded}`;
}
