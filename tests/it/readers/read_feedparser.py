"""Fetches one feed with feedparser and prints all that it has words for as JSON. Argument: the address."""

import json
import sys

import feedparser

seen = feedparser.parse(sys.argv[1])
if seen.bozo:
    sys.exit(f"feedparser stumbles: {seen.bozo_exception!r}")
json.dump(
    {
        entry.id: {
            "related": [[link.href, link.title] for link in entry.links if link.rel == "related"],
            "authors": [author.name for author in entry.get("authors", []) if author],
            "tags": [tag.get("label") or tag.term for tag in entry.get("tags", [])],
            "enclosures": [
                [file.href, int(file.get("length", 0)), file.type] for file in entry.enclosures
            ],
            "language": (entry.title_detail.language or seen.feed.get("language")),
            "comments": entry.get("comments"),
            "has_text": bool(entry.get("content")),
            "summary": entry.get("summary", ""),
        }
        for entry in seen.entries
    },
    sys.stdout,
)
