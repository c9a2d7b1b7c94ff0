// Runs `murmur live` as a child process: sends it a file of raw PCM in pieces of 100 ms, prints each event as it comes.
// node child.mjs SOUND.pcm COMMAND …
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [file, command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
createInterface({ input: child.stdout }).on("line", (line) => console.log(JSON.stringify(JSON.parse(line))));
child.on("close", (code) => process.exit(code));

const sound = readFileSync(file);
for (let at = 0; at < sound.length; at += 800) {
  if (!child.stdin.write(sound.subarray(at, at + 800))) await new Promise((resolve) => child.stdin.once("drain", resolve));
}
child.stdin.end();
