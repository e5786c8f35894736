// Fetches a podcast with podcast-partytime, as Podverse does, and prints what it saw as one line of JSON,
// the last: its log goes to the same place. Argument: the address.
"use strict";

const { parseFeed } = require("podcast-partytime");

fetch(process.argv[2], { signal: AbortSignal.timeout(10_000) })
  .then((answer) => answer.text())
  .then((text) => {
    const feed = parseFeed(text);
    if (!feed) {
      throw new Error("no feed");
    }
    process.stdout.write(`\n${JSON.stringify(feed)}\n`);
  })
  .catch((error) => {
    process.stderr.write(`podcast-partytime stumbles: ${error}\n`);
    process.exit(1);
  });
