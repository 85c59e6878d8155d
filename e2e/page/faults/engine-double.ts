/**
 * What stands before the engine's own script in a worker of these tests. The engine runs as it ships,
 * on the real runtime, but for what it is ordered to do wrong.
 */
import { breakGpu } from "./break-gpu.ts";
import { breakSessions } from "./break-sessions.ts";
import { breakWasm } from "./break-wasm.ts";
import { Orders } from "./orders.ts";

const orders = new Orders(JSON.parse(self.name));
orders.hangAt("script");
breakWasm(orders);
breakSessions(orders);
const destroyDevices = breakGpu(orders);

addEventListener("message", (event) => {
  const { order, id } = event.data ?? {};
  if (order !== undefined) orders.add(order);
  if (orders.take("device", { when: "now" }) !== undefined) destroyDevices();
  if (orders.has("garbage")) {
    event.stopImmediatePropagation();
    self.postMessage({ id, type: "RAW", value: 42 });
  }
});
