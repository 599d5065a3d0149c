#!/usr/bin/env python3
"""torchvision's training crops through PyTorch's DataLoader, the same work as benchmark-image-stream; prints images a second.

    peer.py DIRECTORY IMAGES WORKERS [--float]

DIRECTORY holds CLASS/*. Pillow decodes, torchvision crops (bicubic) and flips, batches of 64 are uint8; with --float they
are float32, scaled and normalised, as most training scripts have them. The first pass over the images is not timed.
"""
import argparse
import json
import time

import torch
import torchvision
import torchvision.transforms as T


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("images", type=int)
    parser.add_argument("workers", type=int)
    parser.add_argument("--float", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    last = ([T.ToTensor(), T.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))] if options.float
            else [T.PILToTensor()])
    folder = torchvision.datasets.ImageFolder(options.directory, T.Compose([
        T.RandomResizedCrop(224, interpolation=T.InterpolationMode.BICUBIC), T.RandomHorizontalFlip(), *last]))
    epochs = -(-options.images // len(folder))
    images = torch.utils.data.Subset(torch.utils.data.ConcatDataset([folder] * (1 + epochs)),
                                     range(len(folder) + options.images))

    class Order(torch.utils.data.Sampler):
        """Epoch after epoch, each in random order."""
        def __iter__(self):
            for epoch in range(1 + epochs):
                first = epoch * len(folder)
                yield from (first + i for i in torch.randperm(len(folder)).tolist() if first + i < len(images))

        def __len__(self):
            return len(images)

    loader = torch.utils.data.DataLoader(images, batch_size=64, sampler=Order(), num_workers=options.workers)
    seen, start = 0, None
    for pixels, _ in loader:
        assert pixels.shape[1:] == (3, 224, 224)
        if start is not None:
            seen += len(pixels)
        elif (seen := seen + len(pixels)) >= len(folder):
            seen, start = 0, time.perf_counter()
    seconds = time.perf_counter() - start
    print(json.dumps({"program": f"PyTorch {torch.__version__}, torchvision {torchvision.__version__}, "
                                 f"{'float32' if options.float else 'uint8'}",
                      "images_per_second": seen / seconds, "images": seen, "workers": options.workers}))


main()
