"""Fetches one feed with feedparser, as a reader does, and prints what it saw as JSON.

Arguments: the address, and from the last fetch the ETag and the Last-Modified ("" for none).
"""

import calendar
import json
import sys

import feedparser

url, etag, modified = (sys.argv[1:] + ["", ""])[:3]
seen = feedparser.parse(url, etag=etag or None, modified=modified or None)
if seen.bozo:
    sys.exit(f"feedparser stumbles: {seen.bozo_exception!r}")
json.dump(
    {
        "status": seen.status,
        "etag": seen.get("etag", ""),
        "modified": seen.get("modified", ""),
        "entries": [
            {
                "id": entry.id,
                "title": entry.title,
                "link": entry.link,
                "date": calendar.timegm(entry.published_parsed),
            }
            for entry in seen.entries
        ],
    },
    sys.stdout,
)
