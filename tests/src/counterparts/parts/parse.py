"""Reads an exposition of the form that the argument names and writes its samples as JSON lines."""

import json
import sys

from prometheus_client import parser
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families

FORMS = {"text": parser.text_string_to_metric_families, "openmetrics": openmetrics_families}

exposition = sys.stdin.buffer.read().decode("utf-8")
for family in FORMS[sys.argv[1]](exposition):
    for sample in family.samples:
        exemplar = sample.exemplar.labels if sample.exemplar else None
        print(json.dumps({
            "name": sample.name,
            "labels": sample.labels,
            "value": repr(sample.value),
            "exemplar": exemplar,
        }))
