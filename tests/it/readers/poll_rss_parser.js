// Fetches one feed with rss-parser and prints what it saw as JSON. Argument: the address.
"use strict";

const Parser = require("rss-parser");

new Parser({ timeout: 10_000 }).parseURL(process.argv[2]).then(
  (feed) => {
    const entries = feed.items.map((item) => ({
      id: item.guid ?? item.id,
      title: item.title,
      link: item.link,
      date: Date.parse(item.isoDate) / 1000,
    }));
    process.stdout.write(JSON.stringify({ entries }));
  },
  (error) => {
    process.stderr.write(`rss-parser stumbles: ${error}\n`);
    process.exit(1);
  },
);
