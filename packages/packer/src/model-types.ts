import { type Manifest, SelvedgeError, type ValueInfo } from "@selvedge/protocol";
import { type PromotedModel, promotedModels } from "./registry/promoted-models.ts";

type Signature = Manifest["signature"];

/** TypeScript declarations of a registry's models, as text. */
export interface ModelTypes {
  /** The text of a `.ts` or `.d.ts` file. The same registry gives the same text. */
  readonly text: string;
  /** The models it knows, with the versions they were read from. */
  readonly models: readonly { readonly name: string; readonly versions: readonly string[] }[];
  /** Which models it leaves out, and why. */
  readonly warnings: readonly string[];
}

/**
 * Writes declarations of the models in a registry, with which `load` of the SDK knows their inputs
 * and outputs by name, element type and rank.
 *
 * @throws SelvedgeError `not-found` where no version is promoted, `channel-invalid` or
 * `manifest-invalid`.
 */
export async function modelTypes({ registry }: { readonly registry: string }): Promise<ModelTypes> {
  const promoted = await promotedModels(registry);
  if (promoted.length === 0)
    throw new SelvedgeError(
      "not-found",
      `${registry} serves no model. Promote a version first: \`selvedge promote NAME@VERSION\`.`,
    );
  const models: { name: string; versions: string[] }[] = [];
  const warnings: string[] = [];
  const blocks: string[] = [];
  for (const model of promoted) {
    const versions = model.manifests.map(({ version }) => version);
    const signature = commonSignature(model);
    if (signature === undefined)
      warnings.push(
        `${model.name} has no types: ${versions.join(" and ")} differ in their inputs or outputs, and a page may get any of them. Run this again when one serves alone.`,
      );
    else {
      models.push({ name: model.name, versions });
      blocks.push(declaration(model.name, signature));
    }
  }
  return { text: fileOf(blocks), models, warnings };
}

/** What all versions of a model have in common; `undefined` where a page could not rely on it. */
function commonSignature({ manifests }: PromotedModel): Signature | undefined {
  return manifests
    .map(({ signature }): Signature | undefined => signature)
    .reduce((a, b) => {
      const inputs = a && b && commonValues(a.inputs, b.inputs);
      const outputs = a && b && commonValues(a.outputs, b.outputs);
      return inputs && outputs && { inputs, outputs };
    });
}

function commonValues(
  values: readonly ValueInfo[],
  others: readonly ValueInfo[],
): ValueInfo[] | undefined {
  const common = values.flatMap(({ name, dtype, dims }) => {
    const other = others.find((candidate) => candidate.name === name);
    const isSame = other?.dtype === dtype && other.dims.length === dims.length;
    const shared = dims.map((dim, axis) => (other?.dims[axis] === dim ? dim : -1));
    return isSame ? [{ name, dtype, dims: shared }] : [];
  });
  const isWhole = common.length === values.length && common.length === others.length;
  return isWhole ? common : undefined;
}

function declaration(name: string, { inputs, outputs }: Signature): string {
  return [
    `    ${propertyName(name)}: {`,
    ...members("inputs", inputs),
    ...members("outputs", outputs),
    "    };",
  ].join("\n");
}

function members(role: string, values: readonly ValueInfo[]): string[] {
  return [
    `      ${role}: {`,
    ...values.flatMap(({ name, dtype, dims }) => [
      `        /** ${dtype}[${dims.map((dim) => (dim === -1 ? "any" : dim)).join(", ")}] */`,
      `        ${propertyName(name)}: TensorOf<"${dtype}", [${dims.map(() => "number").join(", ")}]>;`,
    ]),
    "      };",
  ];
}

/** Quoted only where it has to be, as formatters have it. */
function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function fileOf(blocks: readonly string[]): string {
  const body = blocks.map((block) => `${block}\n`).join("");
  return `// Written by \`selvedge types\` from a registry's promoted models. Run it again instead of editing.
${blocks.length > 0 ? 'import type { TensorOf } from "selvedge";' : "export {};"}

declare module "selvedge" {
  interface ModelTypes {
${body}  }
}
`;
}
