import { type Orders, tellPage } from "./orders.ts";

/**
 * Lets a worker lose its GPU where that is an order.
 *
 * @returns what destroys every device it has asked for
 */
export function breakGpu(orders: Orders): () => void {
  if (!("gpu" in navigator)) return () => undefined;
  const devices = new Set<GPUDevice>();
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args);
    devices.add(device);
    return device;
  };
  const destroy = () => {
    for (const device of devices) device.destroy();
  };
  const { submit } = GPUQueue.prototype;
  GPUQueue.prototype.submit = function (...args) {
    submit.apply(this, args);
    if (orders.take("device", { when: "mid-run" }) !== undefined) destroy();
  };
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = async function (...args) {
    if (orders.take("gpu-waits") !== undefined) {
      tellPage({ report: "gpu-busy" });
      await Promise.race([...devices].map(({ lost }) => lost));
    }
    await mapAsync.apply(this, args);
  };
  return destroy;
}
