import { Tensor } from "onnxruntime-web";

/** Whether it is an array of numbers or a list of strings. */
const isPlain = (data) => ArrayBuffer.isView(data) || Array.isArray(data);

/**
 * Runs a session, and answers with its outputs and what of them is transferred.
 *
 * @param {import("onnxruntime-web").InferenceSession} session
 * @param {{ inputs: any[], wanted?: readonly string[] }} request
 * @param {import("onnxruntime-web").InferenceSession.RunOptions} [options]
 * @returns {Promise<[any[], ArrayBuffer[]]>}
 */
export async function runSession(session, { inputs, wanted }, options) {
  const feeds = inputs.map(({ name, dtype, dims, data }) => [name, new Tensor(dtype, data, dims)]);
  const names = wanted ?? session.outputNames;
  const results = await session.run(Object.fromEntries(feeds), names, options);
  const outputs = names.map((name) => {
    const { type, data, dims } = results[name];
    return { name, dtype: type, dims: [...dims], data: isPlain(data) ? data : null };
  });
  const buffers = outputs.flatMap(({ data }) => (ArrayBuffer.isView(data) ? [data.buffer] : []));
  return [outputs, [...new Set(buffers)]];
}
