import { runCli } from "./run-cli.ts";

process.exitCode = await runCli(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  progress: (text) => {
    // One line that is written over; an empty text takes it away.
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  },
});
