import { runCli } from "./run-cli.ts";

const stop = new AbortController();
// Once: whoever asks a second time does not want to wait, and the process ends as any other would.
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.once(name, () => stop.abort(new DOMException(name, "AbortError")));

// Whoever reads may stop before the end, as `head` does; what is being done is done all the same.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

process.exitCode = await runCli(
  process.argv.slice(2),
  {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    progress: (text) => {
      // One line that is written over; an empty text takes it away.
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
    },
    columns: process.stdout.columns,
  },
  stop.signal,
);
