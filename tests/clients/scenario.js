// What the Node.js clients of the matrix share.
"use strict";
const readline = require("node:readline");

const port = Number(process.env.DUET_PORT);

/** Has the server stopped and another one, empty, started on its port (run_client.py). */
async function restart() {
  const answers = readline.createInterface({ input: process.stdin });
  const answer = new Promise((resolve) => answers.once("line", resolve));
  console.log("restart");
  await answer;
  answers.close();
}

/** Waits until the condition holds; it may throw meanwhile (a connection that is gone). */
async function until(condition, what) {
  const end = Date.now() + 20_000;
  let failure;
  for (;;) {
    try {
      if (await condition()) return;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > end) throw new Error(`not in time: ${what}`, { cause: failure });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Runs the client's scenario and ends the process: 0 if it did not throw. */
function run(scenario) {
  scenario().then(
    () => process.exit(0),
    (error) => {
      console.log(error);
      process.exit(1);
    },
  );
}

const binary = Buffer.from([0, 13, 10, 255, 128, 36]);

module.exports = { port, restart, until, run, binary };
