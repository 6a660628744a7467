"""Placeholder until the real one is merged."""

import hashlib
import orjson


def event_hash(document, context):
    content = {key: value for key, value in document.items() if key not in {"eventID", "recordTime", "errorDeclaration"}}
    return f"ni:///sha-256;{hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()}?ver=CBV2.0"
