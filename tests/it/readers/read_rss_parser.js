// Fetches one feed with rss-parser and prints all that it has words for as JSON. Argument: the address.
"use strict";

const Parser = require("rss-parser");

new Parser({ timeout: 10_000 }).parseURL(process.argv[2]).then(
  (feed) => {
    const entries = feed.items.map((item) => [
      item.guid ?? item.id,
      {
        creator: item.creator ?? item.author ?? null,
        tags: item.categories ?? [],
        enclosure: item.enclosure ?? null,
        text: (item["content:encoded"] ?? item.content ?? "").length > 0,
      },
    ]);
    process.stdout.write(JSON.stringify(Object.fromEntries(entries)));
  },
  (error) => {
    process.stderr.write(`rss-parser stumbles: ${error}\n`);
    process.exit(1);
  },
);
