"""Wide ResNets in PyTorch, and the formula of their numbers, for the scripts beside."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs else None

    def forward(self, x):
        a = F.relu(self.bn1(x))
        z = self.conv2(F.relu(self.bn2(self.conv1(a))))
        return z + (x if self.shortcut is None else self.shortcut(a))


class WideResNet(nn.Module):
    def __init__(self, depth, k):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        blocks, channels = [], 16
        for group in range(3):
            for block in range((depth - 4) // 6):
                blocks.append(Block(channels, 16 * k << group, 2 if group and block == 0 else 1))
                channels = 16 * k << group
        self.blocks = nn.Sequential(*blocks)
        self.bn = nn.BatchNorm2d(channels)
        self.head = nn.Linear(channels, 10)

    def forward(self, x):
        return self.head(F.relu(self.bn(self.blocks(self.stem(x)))).mean((2, 3)))


def formula(count, phase):
    """Numbers in -1..<1 by integer arithmetic, equal on every machine."""
    index = torch.arange(count, dtype=torch.int64)
    return (((index * 7919 + phase * 104729 + (index * index) % 10007 * 31) % 20011).double() / 10005.5 - 1).float()


def sample(tensor):
    flat = tensor.detach().double().flatten()
    return {"norm": float(flat.norm()), "first": [float(v) for v in flat[:4]]}


def fill(parameters):
    """Gives each parameter the formula's numbers, in the order in which they come."""
    for phase, parameter in enumerate(parameters):
        values = formula(parameter.numel(), phase).reshape(parameter.shape)
        with torch.no_grad():
            if parameter.dim() == 4:
                parameter.copy_(values * (6 / parameter[0].numel()) ** 0.5)
            elif parameter.dim() == 2:
                parameter.copy_(values * 0.2)
            else:
                parameter.copy_(values * 0.1 + (1 if parameter.mean() > 0.5 else 0))
