import { describe, expect, it } from "vitest";
import { modelReference, onlyArgument, readCommandLine, required } from "./command-line.ts";

describe("readCommandLine", () => {
  const options = { name: { type: "string" }, attach: { type: "string", multiple: true } } as const;

  it("reads flags, repeated flags and arguments in any order", () => {
    const line = ["--attach", "a", "MODEL", "--name=n", "--attach", "b"];
    const { values, positionals } = readCommandLine(line, options);
    expect(values).toEqual({ attach: ["a", "b"], name: "n" });
    expect(positionals).toEqual(["MODEL"]);
  });

  it.each([
    [["--nope"], "--nope"],
    [["--name"], "--name"],
    [["--name", "--attach", "a"], "--name"],
    [["-x"], "-x"],
  ])("refuses %j in one line", (args, flag) => {
    expect(() => readCommandLine(args, options)).toThrow(
      expect.objectContaining({
        name: "UsageError",
        message: expect.stringMatching(new RegExp(`^[^\\n]*${flag}[^\\n]*$`)),
      }),
    );
  });
});

describe("modelReference", () => {
  it("reads a name, and a version after it", () => {
    expect(modelReference("m")).toEqual({ name: "m", version: undefined });
    expect(modelReference("m@1.0.0")).toEqual({ name: "m", version: "1.0.0" });
  });

  it.each(["m@", "@1.0.0"])("refuses %s", (argument) => {
    expect(() => modelReference(argument)).toThrow("NAME@VERSION");
  });
});

describe("onlyArgument", () => {
  it("wants exactly one", () => {
    expect(onlyArgument(["a"], "MODEL")).toBe("a");
    expect(() => onlyArgument([], "MODEL")).toThrow("MODEL is missing");
    expect(() => onlyArgument(["a", "b"], "MODEL")).toThrow('not also "b"');
  });
});

describe("required", () => {
  it("names the flag that is missing", () => {
    expect(required("x", "--name NAME")).toBe("x");
    expect(() => required(undefined, "--name NAME")).toThrow("--name NAME is missing");
    expect(() => required("", "--name NAME")).toThrow("--name NAME is missing");
  });
});
