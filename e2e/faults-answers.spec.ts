import { promote } from "@selvedge/packer";
import { MODEL, NEW_BIAS } from "./fixtures/fault-registry.ts";
import { expect, inSoak, test } from "./fixtures/faults.ts";

test.use({ passesAsGpu: true });

/** What wrong kernels compute, and what is said of it. */
const KERNELS = [
  ["zeros", /golden answers on webgpu.* y\[\d+\] is 0/],
  ["nan", /golden answers on webgpu.* y\[\d+\] is NaN/],
  ["transposed", /golden answers on webgpu.* y\[\d+\] is -?\d/],
] as const;

for (const [kind, reason] of KERNELS)
  test(`a GPU whose kernels give ${kind} is turned down with that reason, and WASM answers every call`, async ({
    faulty: page,
    gaps,
  }) => {
    await gaps.start();
    const { ends, info } = await page.evaluate(
      async ({ name, kind }) => {
        engines.fromStart = () => [{ fault: "answers", kind, of: { backend: "webgpu" } }];
        const model = await openSelvedge().load(name);
        const gpus = () => model.info.candidates.filter(({ backend }) => backend === "webgpu");
        const isDecided = () => {
          const states: string[] = gpus().map(({ state }) => state);
          return states.length > 0 && !states.some((state) => /proving|waiting/.test(state));
        };
        const ends = [];
        do ends.push(await callAtOnce(model, 10, { from: 10 * ends.length }));
        while (!isDecided());
        ends.push(await callAtOnce(model, 10));
        return { ends, info: { backend: model.info.backend, gpus: gpus() } };
      },
      { name: MODEL, kind },
    );
    expect(ends.filter(({ right }) => right !== 10)).toEqual([]);
    expect(info.backend).toBe("wasm");
    for (const gpu of info.gpus) expect(gpu.state).toBe("rejected");
    // A second build of the runtime has the same kernels, and need not be tried.
    for (const layout of ["NHWC", "NCHW"])
      expect(info.gpus).toContainEqual(
        expect.objectContaining({ layout, reason: expect.stringMatching(reason) }),
      );
    await gaps.report(`proving a GPU that gives ${kind}`);
  });

for (const kind of ["transposed" as const, ...inSoak("zeros" as const, "nan" as const)])
  test(`an update whose kernels give ${kind} on WASM is refused with that reason, and the version before it answers`, async ({
    faulty: page,
    models,
  }) => {
    await promote({ name: MODEL, version: "1.0.0", channel: "stable", registry: models.folder });
    await page.exposeFunction("serveNew", () =>
      promote({ name: MODEL, version: "2.0.0", channel: "stable", registry: models.folder }),
    );
    const { ends, update, version, later } = await page.evaluate(
      async ({ name, kind, tensor, newBias }) => {
        engines.fromStart = () => [{ fault: "answers", kind, of: { tensor } }];
        const model = await openSelvedge().load(name, { backend: "wasm", update: "background" });
        const before = await callInTurn(model, 3);
        await serveNew();
        const checking = model.checkForUpdate();
        const during = await callInTurn(model, 20);
        const update = await checking;
        const after = await callInTurn(model, 3);
        const { version } = model.info;
        // Nothing is wrong with it but the kernels: a device that has right ones takes it.
        engines.fromStart = () => [];
        const pinned = await openSelvedge().load(name, { backend: "wasm", version: "2.0.0" });
        const later = await callInTurn(pinned, 3, { bias: newBias });
        return { ends: [before, during, after], update, version, later };
      },
      { name: MODEL, kind, tensor: models.newWeight, newBias: NEW_BIAS },
    );
    expect(ends.map(({ right }) => right)).toEqual([3, 20, 3]);
    expect(update).toMatchObject({
      state: "refused",
      reason: expect.stringContaining("golden answers on wasm"),
    });
    expect(version).toBe("1.0.0");
    expect(later.right).toBe(3);
  });

declare function serveNew(): Promise<void>;
