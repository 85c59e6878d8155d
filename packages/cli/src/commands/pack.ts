import { type PackProgress, pack } from "@selvedge/packer";
import type { Command } from "../command.ts";
import { onlyArgument, readCommandLine, required } from "../command-line.ts";
import { describeImages } from "../describe-images.ts";
import { describeTests } from "../describe-tests.ts";
import { describeVariants } from "../describe-variants.ts";
import { formatBytes } from "../format-bytes.ts";
import { readDtypes } from "../read-dtypes.ts";
import { readImageChoice } from "../read-image-choice.ts";
import { readMaxError } from "../read-max-error.ts";
import { readMetrics } from "../read-metrics.ts";
import { readTimeout } from "../read-timeout.ts";
import { readTolerances } from "../read-tolerances.ts";

const PHASES: Readonly<Record<PackProgress["phase"], string>> = {
  read: "Reading the model…",
  split: "Taking out its weights…",
  golden: "Running it for golden answers…",
  reference: "Running it over the reference…",
  quantize: "Quantizing…",
  test: "Testing…",
  images: "Writing down its sessions…",
  write: "Writing the pack…",
};

export const packCommand: Command = {
  name: "pack",
  summary: "make a pack of a model",
  help: `Usage: selvedge pack MODEL --name NAME --version VERSION --registry DIR

Packs MODEL into a registry. A version that is there is never overwritten with other bytes.
MODEL is one of:
  an ONNX file        what else it needs lies beside it
  an MLflow folder    with an onnx flavour: its signature is checked, its input example becomes the
                      golden inputs
  a folder as transformers.js loads it
                      onnx/model.onnx; tokenizer and config files become attachments
  a PMML file         .pmml or .xml: a regression, a tree or a forest, which becomes ONNX
  a TensorFlow.js model
                      its model.json, or the folder of that: graph or layers, which stays what it is

  --name NAME         what the model is called
  --version VERSION   which version of it this is, such as 1.0.0
  --registry DIR      the registry's folder; made if it is not there
  --file PATH         which model of a folder, such as onnx/decoder_model.onnx
  --attach FILE       a file that travels with the model, such as its labels; may be repeated
  --license SPDX      the model's licence, such as Apache-2.0
  --golden FILE       inputs to prove devices with, and the outputs that are expected if they are known:
                      an archive of numpy.savez(FILE, x=…, **{"outputs/y": …}), several cases by
                      number as "0/x", or JSON:
                      {"cases": [{"inputs": {"x": {"type": "float32", "dims": [1, 2], "data": [0, 1]}}}]}
                      Without it they are made from the model's signature, zeros and extremes included.
  --reference FILE    examples, as in --golden, such as the data it was trained on: how inputs and answers
                      are distributed over them is recorded, for drift to be measured against, and no
                      example is. JSON may name features: {"features": {"x": ["age", "income"]}, "cases": …}
  --tolerance PLACE=ABSOLUTE,RELATIVE
                      how far a device's answers may be from the golden ones on wasm, webgpu or, for
                      one precision, such as q8/wasm; may be repeated. Without it this is derived from
                      how far apart sound answers are, and from what the precision costs.
  --base VERSION      the version that most devices have: tensors that changed little since then get
                      deltas, which only those devices fetch, and q8 keeps its scales where that
                      costs next to nothing
  --key FILE          a private key to sign the version with, such as pack.key.json of \`selvedge keygen\`
  --dataset FILE      a file it was trained on, of which the digest is recorded; may be repeated
  --commit SHA        the git commit it was trained from
  --parent VERSION    the version it was made from
  --dtype LIST        the precisions, such as fp32,q8 (default fp32); each is measured against fp32:
                      fp32         as the model is, and the only one for TensorFlow.js
                      fp16         weights in 16 bits; WASM and WebGPU, and computed in 16 bits where
                                   a GPU has shader-f16
                      q8           8 bits, computed in integers; WASM
                      q8-storage   8 bits in storage, computed in float32; WebGPU
                      q4           matrices in 4 bits, the rest in 8; WASM and WebGPU
                      q4f16        the same, computed in 16 bits; WebGPU with shader-f16
  --max-error SHARE   how large the difference from fp32's answers may be, as a share of those: 0.1
                      is a signal-to-noise ratio of 20 dB, 0.03 one of 30 dB. What is further off
                      keeps its worst weights in 16 bits, and says which
  --eval FILE         cases, as in --golden and each with a label or outputs, to measure every precision
                      on; the manifest records the digest of the file, and what came of it
  --metric NAME       what to measure; may be repeated
                      on labels that are classes:    accuracy, top5, f1 (macro)
                      on labels that are texts:      cer, wer, exact (the output is read by greedy CTC)
                      on outputs, or numeric labels: mse, mae, rmse, r2, cosine
  --min N, --max N    refuses to pack where the --metric before it is below N, or above; --min is for
                      those of which more is better, --max for the others. For the rates cer and wer,
                      --min N is for the score, 1 − rate: --min 0.97 says the same as --max 0.03
  --regression FILE   cases, each with a label or outputs, that have to hold in every precision
  --vocabulary FILE   what the classes are called, one a line; the first, empty, is the blank of CTC
  --metric-output NAME
                      the output that labels are about, where a model has several
  --images CHOICE     whether a session is written down beside the model, for first visits to wake in place
                      of loading; of use where the version is signed, once devices fetch it:
                      auto         where that is less to download than the runtime and the model
                      always       wherever it can be done
                      never        (default)
  --timeout SECONDS   how long loading the model, or running it once, may take (default 600)
  --json              print the result as JSON`,
  run: async (args, terminal, signal) => {
    const { values, positionals, tokens } = readCommandLine(args, {
      name: { type: "string" },
      version: { type: "string" },
      registry: { type: "string" },
      file: { type: "string" },
      attach: { type: "string", multiple: true },
      license: { type: "string" },
      golden: { type: "string" },
      reference: { type: "string" },
      tolerance: { type: "string", multiple: true },
      base: { type: "string" },
      key: { type: "string" },
      dataset: { type: "string", multiple: true },
      commit: { type: "string" },
      parent: { type: "string" },
      dtype: { type: "string" },
      eval: { type: "string" },
      metric: { type: "string", multiple: true },
      min: { type: "string", multiple: true },
      max: { type: "string", multiple: true },
      regression: { type: "string" },
      vocabulary: { type: "string" },
      "metric-output": { type: "string" },
      "max-error": { type: "string" },
      images: { type: "string" },
      timeout: { type: "string" },
      json: { type: "boolean" },
    });
    const { manifest, digest, outcome, signature, bytes, scales, warnings } = await pack({
      model: onlyArgument(positionals, "MODEL"),
      name: required(values.name, "--name NAME"),
      version: required(values.version, "--version VERSION"),
      registry: required(values.registry, "--registry DIR"),
      file: values.file,
      attachments: values.attach,
      license: values.license,
      golden: values.golden,
      reference: values.reference,
      tolerance: readTolerances(values.tolerance),
      base: values.base,
      key: values.key,
      datasets: values.dataset,
      commit: values.commit,
      parent: values.parent,
      dtypes: readDtypes(values.dtype),
      evaluation: values.eval,
      metrics: readMetrics(tokens),
      regression: values.regression,
      vocabulary: values.vocabulary,
      metricOutput: values["metric-output"],
      onProgress: (progress) => terminal.progress(describeProgress(progress)),
      maxError: readMaxError(values["max-error"]),
      images: readImageChoice(values.images),
      timeoutMs: readTimeout(values.timeout),
      signal,
    });
    terminal.progress("");
    for (const warning of warnings) terminal.err(`selvedge: ${warning}`);
    const { name, version, variants, tests } = manifest;
    if (values.json === true) {
      const made = variants.map(({ dtype, backends, requires, error, kept, metrics, images }) => {
        return { dtype, backends, requires, error, kept, metrics, images };
      });
      const result = { name, version, digest, outcome, signature, bytes, scales, warnings };
      terminal.out(JSON.stringify({ ...result, tests, variants: made }));
      return undefined;
    }
    const tensors = variants.reduce((count, variant) => count + variant.tensors.length, 0);
    const sizes = `manifest ${formatBytes(bytes.manifest)}, ${tensors} tensors, ${formatBytes(bytes.content)} in all, ${formatBytes(bytes.written)} of it new`;
    terminal.out(`${name}@${version} ${outcome}: ${sizes}`);
    for (const line of describeVariants(manifest)) terminal.out(`  ${line}`);
    for (const line of describeTests(manifest)) terminal.out(`  tested: ${line}`);
    for (const line of describeImages(manifest)) terminal.out(`  image: ${line}`);
    for (const { dtype, all, kept } of scales ?? [])
      terminal.out(`  ${dtype} keeps ${kept} of its ${all} scales from ${values.base}`);
    terminal.out(`digest ${digest}`);
    if (signature !== undefined) terminal.out(`signature ${signature}`);
    return undefined;
  },
};

function describeProgress({ phase, dtype, test }: PackProgress): string {
  if (test !== undefined)
    return `${PHASES[phase]} ${test.variant}, ${test.done} of ${test.of} cases`;
  return dtype === undefined ? PHASES[phase] : `${PHASES[phase]} ${dtype}`;
}
