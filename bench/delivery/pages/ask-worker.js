/** @returns a function that sends a worker a message and resolves with its answer; one at a time. */
export function askWorker(worker) {
  return (message) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) =>
        data.error === undefined ? resolve(data) : reject(new Error(data.error));
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(message);
    });
}
