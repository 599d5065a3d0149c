#!/usr/bin/env python3
"""Trains three of timm's networks on CIFAR-10's images as JPEG files, and writes each as ONNX.

    make_models.py IMAGES OUT      IMAGES/train/CLASS/*.jpg; OUT/NAME.onnx

Needs torch 2.11.0, timm 1.0.31, pillow 13.0.0, onnx 1.23.2 and onnxscript 0.7.2. Minutes on one core a network.
"""
import glob
import os
import sys
import time

import numpy as np
import timm
import torch
from PIL import Image

# The second number is the side in pixels: members of one ensemble may differ in it.
NETWORKS = {"mobilenetv3_small_100": 64, "regnetx_002": 64, "resnet10t": 32}
IMAGES, EPOCHS, BATCH, PEAK = 20_000, 6, 64, 2e-3


def load(root, size):
    classes = sorted(os.listdir(os.path.join(root, "train")))
    files = [(path, label) for label, name in enumerate(classes)
             for path in sorted(glob.glob(os.path.join(root, "train", name, "*.jpg")))]
    order = np.random.default_rng(0).permutation(len(files))[:IMAGES]
    pixels = np.stack([np.asarray(Image.open(files[i][0]).convert("RGB").resize((size, size), Image.BICUBIC))
                       for i in order])
    labels = torch.tensor([files[i][1] for i in order])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2), labels, classes


def augmented(images, size):
    images = torch.nn.functional.pad(images.float(), [size // 8] * 4, mode="reflect")
    parts = []
    for image in images:
        top, left = np.random.randint(0, size // 4 + 1, 2)
        image = image[:, top:top + size, left:left + size]
        parts.append(image.flip(-1) if np.random.rand() < 0.5 else image)
    mean = torch.tensor(timm.data.IMAGENET_DEFAULT_MEAN).view(1, 3, 1, 1) * 255
    deviation = torch.tensor(timm.data.IMAGENET_DEFAULT_STD).view(1, 3, 1, 1) * 255
    return (torch.stack(parts) - mean) / deviation


def train(name, size, root):
    images, labels, classes = load(root, size)
    torch.manual_seed(0)
    np.random.seed(0)
    model = timm.create_model(name, num_classes=len(classes)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.02)
    steps = EPOCHS * (len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK, total_steps=steps)
    model.train()
    for epoch in range(EPOCHS):
        order, losses, start = torch.randperm(len(images)), [], time.time()
        for batch in order[:len(images) // BATCH * BATCH].view(-1, BATCH):
            inputs = augmented(images[batch], size).to(memory_format=torch.channels_last)
            loss = torch.nn.functional.cross_entropy(model(inputs), labels[batch], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(f"{name} epoch {epoch + 1}: loss {np.mean(losses):.3f}, {time.time() - start:.0f} s", flush=True)
    return model.eval()


def main():
    root, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    torch.set_num_threads(1)
    for name, size in NETWORKS.items():
        path = os.path.join(out, f"{name}.onnx")
        if os.path.exists(path):
            continue
        model = train(name, size, root)
        torch.onnx.export(model, torch.zeros(2, 3, size, size), path, input_names=["images"], output_names=["logits"],
                          dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}}, dynamo=False,
                          opset_version=17)


if __name__ == "__main__":
    main()
