#!/usr/bin/env python3
"""Writes config-*.json beside it, as timm pushes them to the hub, and configurations.json: how timm itself prepares images for each.

Needs timm 1.0.31, torch 2.15.0 and torchvision 0.29.2.
"""
import json
import os

import timm
from timm.data import create_transform, resolve_model_data_config
from timm.models._hub import save_config_for_hf

HERE = os.path.dirname(os.path.abspath(__file__))
expected = []
for name, classes in (("resnet18.a1_in1k", None), ("tf_efficientnet_b0.in1k", None), ("efficientnet_b0.ra_in1k", ["cat", "dog"]),
                      ("tf_efficientnet_lite0.in1k", None), ("efficientnet_lite0.ra_in1k", None), ("resnet34.tv_in1k", None)):
    model = timm.create_model(name, num_classes=len(classes) if classes else 1000)
    path = os.path.join(HERE, f"config-{name}.json")
    save_config_for_hf(model, path, model_config={"label_names": classes} if classes else None)
    settings = resolve_model_data_config(model)
    resize, crop, *_, normalize = create_transform(**settings, is_training=False).transforms
    expected.append({"file": os.path.basename(path), "size": crop.size[0], "resize": resize.size, "interpolation": resize.interpolation.value,
                     "mean": normalize.mean.tolist(), "std": normalize.std.tolist(), "classes": classes,
                     "parameters": sum(parameter.numel() for parameter in model.parameters())})
with open(os.path.join(HERE, "configurations.json"), "w") as file:
    json.dump(expected, file, indent=1)
    file.write("\n")
