import { SelvedgeError } from "@selvedge/protocol";
import { DOMParser, type Element, Node } from "@xmldom/xmldom";
import { messageOf } from "../../message-of.ts";

/** Far deeper than any tree that was grown; what is deeper yet would exhaust the stack. */
const LARGEST_DEPTH = 512;

/** An element of a PMML document, read so that whatever is wrong or not supported can be named. */
export class PmmlElement {
  readonly #element: Element;
  readonly #document: string;

  private constructor(element: Element, document: string) {
    this.#element = element;
    this.#document = document;
  }

  /**
   * Parses a document. It must not declare a document type, with which it could define entities.
   *
   * @param document what to call it in errors
   * @throws SelvedgeError `model-invalid`.
   */
  static parse(text: string, document: string): PmmlElement {
    const fail = (what: string): never => {
      throw new SelvedgeError("model-invalid", `${document}: ${what}. Export the model again.`);
    };
    if (/<!DOCTYPE/i.test(text)) fail("it declares a document type, which no PMML file needs");
    let root: Element | null = null;
    let problem: string | undefined;
    try {
      // Problems that the parser would get over are problems, too.
      const onError = (_: string, message: string): void => {
        problem ??= message;
      };
      const parser = new DOMParser({ locator: false, onError });
      root = parser.parseFromString(text, "text/xml").documentElement;
    } catch (error) {
      problem ??= messageOf(error);
    }
    if (problem !== undefined) fail(`not XML (${messageOf(problem)})`);
    if (root?.localName !== "PMML") return fail("not a PMML document");
    const pmml = new PmmlElement(root, document);
    if (pmml.#isDeeperThan(LARGEST_DEPTH))
      pmml.refuse(`its elements are nested more than ${LARGEST_DEPTH} deep`);
    return pmml;
  }

  get name(): string {
    return this.#element.localName ?? this.#element.nodeName;
  }

  /** The elements directly inside, extensions of other tools left out. */
  children(name?: string): PmmlElement[] {
    const children: PmmlElement[] = [];
    for (let node = this.#element.firstChild; node !== null; node = node.nextSibling) {
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      const child = new PmmlElement(node as Element, this.#document);
      if (name === undefined ? child.name !== "Extension" : child.name === name)
        children.push(child);
    }
    return children;
  }

  /** This element and all inside it. */
  *descendants(): Generator<PmmlElement> {
    const waiting: PmmlElement[] = [this];
    for (let element = waiting.pop(); element !== undefined; element = waiting.pop()) {
      yield element;
      waiting.push(...element.children().reverse());
    }
  }

  child(name: string): PmmlElement | undefined {
    return this.children(name)[0];
  }

  requiredChild(name: string): PmmlElement {
    return this.child(name) ?? this.fail(`it holds no ${name}`);
  }

  /** The text directly inside. */
  get text(): string {
    const parts: string[] = [];
    for (let node = this.#element.firstChild; node !== null; node = node.nextSibling)
      if (node.nodeType === Node.TEXT_NODE || node.nodeType === Node.CDATA_SECTION_NODE)
        parts.push(node.nodeValue ?? "");
    return parts.join("");
  }

  attribute(name: string): string | undefined {
    return this.#element.getAttribute(name) ?? undefined;
  }

  required(name: string): string {
    return this.attribute(name) ?? this.fail(`it has no ${name}`);
  }

  /** A finite number; the value it has where it is left out, if it may be. */
  number(name: string, otherwise?: number): number {
    const text = this.attribute(name);
    if (text === undefined) return otherwise ?? this.fail(`it has no ${name}`);
    return this.parseNumber(text, name);
  }

  parseNumber(text: string, what: string): number {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : this.fail(`its ${what} "${text}" is not a number`);
  }

  /** Raises that the document is wrong at this element. */
  fail(what: string): never {
    throw new SelvedgeError(
      "model-invalid",
      `${this.#document}: ${this.#label()}: ${what}. Export the model again.`,
    );
  }

  /** Raises that the document may be right, but cannot become ONNX. */
  refuse(what: string): never {
    throw new SelvedgeError(
      "model-unsupported",
      `${this.#document}: ${this.#label()}: ${what}, which does not become ONNX here. Export the model without it, or as ONNX.`,
    );
  }

  #isDeeperThan(depth: number): boolean {
    let level: PmmlElement[] = [this];
    for (let below = 0; below <= depth && level.length > 0; below++)
      level = level.flatMap((element) => element.children());
    return level.length > 0;
  }

  #label(): string {
    const name = ["name", "field", "id", "targetCategory", "functionName"]
      .map((attribute) => this.attribute(attribute))
      .find((value) => value !== undefined);
    return name === undefined ? `<${this.name}>` : `<${this.name}> "${name.slice(0, 60)}"`;
  }
}
