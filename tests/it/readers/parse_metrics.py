"""Reads a page of metrics with the official client library: the sums of all samples by name, as JSON.

Arguments: `open` for OpenMetrics or `plain` for Prometheus' text, and the file.
"""

import collections
import json
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as open_parser

kind, path = sys.argv[1:]
parse = {
    "open": open_parser.text_string_to_metric_families,
    "plain": parser.text_string_to_metric_families,
}[kind]
sums = collections.Counter()
with open(path, encoding="utf-8") as page:
    for family in parse(page.read()):
        if not family.documentation:
            sys.exit(f"{family.name} has no help")
        for sample in family.samples:
            sums[sample.name] += sample.value
json.dump(sums, sys.stdout)
