#!/usr/bin/env python3
"""try_manifests.py CONSORT: what is written for Kubernetes and KServe is what their schemas have.

    python3 -m venv /tmp/manifests
    /tmp/manifests/bin/pip install kubernetes-validate==1.37.0 pyyaml kserve==0.16.0      # 480 MB with what they need
    /tmp/manifests/bin/python Tests/Serving/try_manifests.py .build/debug/consort

deploy/kubernetes.yaml passes kubernetes-validate. An InferenceService of `consort export --format kserve` has only keys
that the models of KServe's own package have, in the types that they have, and its containers are those of a valid Pod. Not
in .ci/run, for the download's size.
"""
import os
import re
import subprocess
import sys
import tempfile

import kserve
import kubernetes.client
import kubernetes_validate
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODEL = f"{ROOT}/Tests/Engines/InferenceTests/Fixtures/logits.onnx"
VERSION = "1.31"


def expect(condition, what):
    if not condition:
        sys.exit(f"try_manifests: {what}")


def check(kind, value, place):
    """Compares a value with a type of KServe's or Kubernetes' Python models, strictly."""
    if match := re.fullmatch(r"([Ll]ist\[|[Dd]ict\(str, |[Dd]ict\[str, )(.*)[\])]", kind):
        expect(isinstance(value, list if kind.lower().startswith("list") else dict), f"{place} is no {kind}")
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            check(match.group(2), item, f"{place}.{key}")
    elif kind in ("str", "int", "bool", "float", "object"):
        known = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object}
        # A port may be a number or a name, a quantity a text or a number.
        expect(isinstance(value, known[kind]), f"{place} is {value!r}, no {kind}")
    elif kind not in ("IntOrString",):
        model = getattr(kserve, kind, None) or getattr(kubernetes.client, kind, None)
        expect(model is not None, f"{place} is of the unknown type {kind}")
        types = getattr(model, "openapi_types")
        names = {name: attribute for attribute, name in model.attribute_map.items()}
        for key, item in value.items():
            expect(key in names, f"{place} has the key '{key}', which {kind} has not")
            check(types[names[key]], item, f"{place}.{key}")


def manifest(consort, directory, *options):
    path = f"{directory}/service.yaml"
    result = subprocess.run([consort, "export", f"{directory}/My.Ensemble", "--format", "kserve", "--out", path, *options],
                            capture_output=True, text=True)
    expect(result.returncode == 0, result.stderr)
    with open(path) as file:
        return yaml.safe_load(file), result.stdout


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    consort = os.path.abspath(sys.argv[1])
    with open(f"{ROOT}/deploy/kubernetes.yaml") as file:
        for document in yaml.safe_load_all(file):
            kubernetes_validate.validate(document, VERSION, strict=True)
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([consort, "build-ensemble", MODEL, "--resize", "8", "--mean", "imagenet", "--std", "imagenet",
                        "--out", f"{directory}/My.Ensemble"], check=True, capture_output=True)
        for options in [], ["--runtime", "triton"], [
                "--image", "registry.example/consort:1", "--storage-uri", "s3://models/it", "--name", "cats"]:
            service, said = manifest(consort, directory, *options)
            check("V1beta1InferenceService", service, "InferenceService")
            expect((service["apiVersion"], service["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService"), service)
            expect(service["metadata"]["name"] == ("cats" if "cats" in options else "my-ensemble"), service)
            expect(("fill in" in said) == ("--image" not in options), said)
            containers = service["spec"]["predictor"].get("containers")
            if containers:
                kubernetes_validate.validate(
                    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "it"}, "spec": {"containers": containers}},
                    VERSION, strict=True)
    try:
        check("V1beta1InferenceService", {"spec": {"predictor": {"container": []}}}, "InferenceService")
    except SystemExit as error:
        expect("has the key 'container'" in str(error), error)
    else:
        sys.exit("try_manifests: a wrong key passes")
    print("try_manifests: the manifests are what Kubernetes and KServe take")


main()
