"""What was measured, beside what it shall be."""
import json
import os

from load import spread


class Record:
    def __init__(self, folder, about):
        self.folder, self.about, self.part = folder, about, None
        self.misses = []

    def begin(self, part):
        self.part, self.figures, self.bars = part, {}, []
        print(f"\n{part}", flush=True)

    def note(self, name, values, text=None):
        """Keeps figures, and prints a line."""
        self.figures[name] = values
        print(f"  {name}: {text if text is not None else values}", flush=True)

    def bar(self, name, value, limit, is_most=True, unit=""):
        """A figure that shall be at most, or at least, so much."""
        met = value <= limit if is_most else value >= limit
        self.bars.append({"name": name, "value": value, "atMost" if is_most else "atLeast": limit, "met": met})
        if not met:
            self.misses.append(f"{self.part}: {name}")
        print(f"  {'met   ' if met else 'MISSED'} {name}: {value:,.3f}{unit}, {'at most' if is_most else 'at least'} {limit}{unit}",
              flush=True)

    def end(self):
        if self.folder:
            os.makedirs(self.folder, exist_ok=True)
            with open(os.path.join(self.folder, self.part + ".json"), "w") as file:
                json.dump({**self.about, "figures": self.figures, "bars": self.bars}, file, indent=1)
                file.write("\n")


def rounded(values, digits=4):
    return [round(value, digits) for value in values]


__all__ = ["Record", "rounded", "spread"]
