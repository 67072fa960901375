"""Reads manifests from stdin; prints them as JSON, with what the schemas of one version of Kubernetes say against them.

The first argument is the version. Unknown members are errors. Kinds of which there is no schema here are listed.
"""

import json
import sys

import kubernetes_validate
import yaml

errors: list[str] = []
unknown: list[str] = []
manifests = [manifest for manifest in yaml.safe_load_all(sys.stdin) if manifest]
for manifest in manifests:
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    try:
        kubernetes_validate.validate(manifest, sys.argv[1], strict=True)
    except kubernetes_validate.ValidationError as error:
        errors.append(f"{name}: {'.'.join(map(str, error.path))}: {error.message}")
    except kubernetes_validate.SchemaNotFoundError:
        unknown.append(manifest["kind"])
print(json.dumps({"manifests": manifests, "errors": errors, "unknown": unknown}))
