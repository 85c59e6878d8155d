import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { addModel, modelFile, temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { openSource } from "./open-source.ts";

describe("openSource", () => {
  it("takes a file as ONNX", async () => {
    expect(await openSource(await modelFile(addModel()))).toMatchObject({
      engine: "onnx",
      model: { source: { file: "model.onnx" } },
      attachments: [],
      notes: [],
    });
  });

  it("lists what it looked for in a folder that holds no model", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "notes.txt"), "");
    await expect(openSource(folder)).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringContaining("an ONNX file"),
    });
  });

  it("says that there is nothing where nothing is", async () => {
    const path = join(await temporaryFolder(), "gone.onnx");
    await expect(openSource(path)).rejects.toMatchObject({
      code: "not-found",
      message: `${path}: no such file. Check the path.`,
    });
  });

  it("chooses no file in what is a file itself", async () => {
    const path = await modelFile(addModel());
    await expect(openSource(path, "model.onnx")).rejects.toMatchObject({ code: "options-invalid" });
  });
});
