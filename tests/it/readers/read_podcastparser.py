"""Fetches a podcast with podcastparser, as gPodder does, and prints what it saw as one line of JSON.

Argument: the address.
"""

import json
import sys
import urllib.request

import podcastparser

url = sys.argv[1]
with urllib.request.urlopen(url, timeout=10) as stream:
    json.dump(podcastparser.parse(url, stream), sys.stdout)
