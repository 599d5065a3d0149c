#!/usr/bin/env python3
"""Makes checkpoints that attack their reader, and hostile.json: of each the words that the refusal must have.

    make_hostile.py [OUT]

Plain Python 3.11. The pickles are written opcode by opcode and are never loaded here. Were one run, it would make the file `ran`.
"""
import io
import json
import os
import struct
import sys
import zipfile
import zlib

OUT = os.path.join(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__)), "hostile")
os.makedirs(OUT, exist_ok=True)
cases = []
MAGIC = b"\x80\x02\x8a\x0a" + (0x1950A86A20F9469CFC6C).to_bytes(10, "little") + b"."
SYSTEM = b"\x80\x02}(X\x0d\x00\x00\x00little_endian\x88u."


def text(value):
    value = value.encode()
    return b"X" + struct.pack("<I", len(value)) + value


def name(module, member):
    return f"c{module}\n{member}\n".encode()


def number(value):
    return b"J" + struct.pack("<i", value) if abs(value) < 1 << 31 else b"\x8a\x08" + struct.pack("<q", value)


def numbers(*values):
    return b"(" + b"".join(number(value) for value in values) + b"t"


STORE = name("torch", "FloatStorage")
REBUILD = name("torch._utils", "_rebuild_tensor_v2")


def storage(key="0", count=4, kind=STORE):
    return b"(" + text("storage") + kind + text(key) + text("cpu") + number(count) + b"tQ"


def tensor(shape=(4,), strides=(1,), offset=0, **of):
    return REBUILD + b"(" + storage(**of) + number(offset) + numbers(*shape) + numbers(*strides) + b"\x89}tR"


def dictionary(*items):
    return b"}(" + b"".join(items) + b"u"


def pickle(body, protocol=2):
    return bytes([0x80, protocol]) + body + b"."


WEIGHTS = dictionary(text("weight"), tensor())
DATA = struct.pack("<4f", 1, 2, 3, 4)


def write(case, data, *words):
    with open(os.path.join(OUT, case), "wb") as file:
        file.write(data)
    cases.append({"file": case, "words": list(words)})


def archive(entries, compression=zipfile.ZIP_STORED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as file:
        for entry, data in entries:
            file.writestr(zipfile.ZipInfo(entry), data, compression)
    return target.getvalue()


def checkpoint(body, storages=(("0", DATA),), **options):
    return archive([("a/data.pkl", pickle(body)), ("a/byteorder", b"little")]
                   + [(f"a/data/{key}", data) for key, data in storages], **options)


def old(body, tail=b"\x80\x02]q\x00X\x01\x00\x00\x000a." + struct.pack("<q", 4) + DATA):
    return MAGIC + b"\x80\x02M\xe9\x03." + SYSTEM + pickle(body) + tail


def call(function, *arguments):
    return function + b"(" + b"".join(arguments) + b"tR"


TOUCH = text("touch ran")
SYSTEM_CALL = call(name("posix", "system"), TOUCH)

# What would run.
write("system.pth", checkpoint(SYSTEM_CALL), "posix.system", "nothing in it was run")
write("os-system.pth", checkpoint(call(name("os", "system"), TOUCH)), "'os.system'")
write("eval.pth", checkpoint(call(name("builtins", "eval"), text("open('ran','w')"))), "builtins.eval")
write("exec-python2.pth", checkpoint(call(name("__builtin__", "execfile"), text("x"))), "__builtin__.execfile")
write("getattr.pth", checkpoint(call(name("builtins", "getattr"), name("torch", "hub"), text("load"))), "builtins.getattr")
write("nested.pth", checkpoint(dictionary(text("state_dict"), WEIGHTS, text("args"), b"](" + dictionary(
    text("x"), SYSTEM_CALL) + b"e")), "posix.system")
write("beside-weights.pth", checkpoint(dictionary(text("weight"), tensor(), text("hook"), name("subprocess", "Popen"))),
      "subprocess.Popen")
write("copyreg.pth", checkpoint(call(name("copyreg", "_reconstructor"), name("os", "system"), TOUCH, b"N")),
      "copyreg._reconstructor")
write("copyreg-python2.pth", checkpoint(call(name("copy_reg", "__newobj__"), name("os", "system"))), "copy_reg.__newobj__")
write("torch-load.pth", checkpoint(call(name("torch", "load"), text("other.pth"))), "torch.load")
write("torch-serialization-load.pth", checkpoint(call(name("torch.serialization", "load"), text("other.pth"))),
      "torch.serialization.load")
write("torch-hub.pth", checkpoint(call(name("torch.hub", "load"), text("x"))), "torch.hub.load")
write("pickle-loads.pth", checkpoint(call(name("pickle", "loads"), text("x"))), "pickle.loads")
write("operator.pth", checkpoint(call(name("operator", "attrgetter"), text("system"))), "operator.attrgetter")
write("functools-partial.pth", checkpoint(call(name("functools", "partial"), name("os", "system"))), "functools.partial")
write("runpy.pth", checkpoint(call(name("runpy", "run_path"), text("x"))), "runpy.run_path")
write("numpy-load.pth", checkpoint(call(name("numpy", "load"), text("x"))), "numpy.load")
write("stack-global.pth", archive([("a/data.pkl", pickle(text("os") + text("system") + b"\x93(" + TOUCH + b"tR", 4))]), "os.system")
write("newobj.pth", checkpoint(name("subprocess", "Popen") + b"(" + TOUCH + b"t\x81"), "subprocess.Popen")
write("inst.pth", checkpoint(b"(" + TOUCH + b"iposix\nsystem\n"), "posix.system")
write("obj.pth", checkpoint(b"(" + STORE + TOUCH + b"o"), "OBJ")
write("extension.pth", checkpoint(b"\x82\x01"), "EXT1")
write("persistent-text.pth", checkpoint(b"Pstorage\n"), "PERSID")
write("build-on-a-tensor.pth", checkpoint(tensor() + dictionary(text("__class__"), text("x")) + b"b"), "BUILD")
write("build-on-a-type.pth", checkpoint(STORE + dictionary(text("__reduce__"), text("x")) + b"b"), "BUILD")
write("reduce-of-a-tensor.pth", checkpoint(tensor() + b")R"), "REDUCE")
write("reduce-of-a-text.pth", checkpoint(text("os.system") + b"(" + TOUCH + b"tR"), "REDUCE")
write("reduce-of-a-storage-type.pth", checkpoint(STORE + b"(" + TOUCH + b"tR"), "REDUCE")
write("rebuild-of-a-function.pth", checkpoint(call(name("torch._tensor", "_rebuild_from_type_v2"), name("os", "system"))), "os.system")
write("whole-module.pth", checkpoint(name("torch.nn.modules.linear", "Linear") + b")\x81}b"), "whole module", "state_dict")
write("unknown-type.pth", checkpoint(dictionary(text("model"), WEIGHTS, text("cfg"), name("my.config", "Config") + b")\x81")),
      "my.config.Config", "--skip-objects")
write("legacy-system.pth", old(SYSTEM_CALL), "posix.system")
write("legacy-system-first.pth", MAGIC + pickle(SYSTEM_CALL), "posix.system")
write("legacy-system-in-the-keys.pth", old(WEIGHTS, pickle(SYSTEM_CALL)), "posix.system")
write("legacy-module.pth", old(b"(" + text("module") + name("my", "Net") + text("f") + text("s") + b"tQ"), "my.Net")
write("plain-pickle.pth", pickle(SYSTEM_CALL), "posix.system")
write("plain-pickle-of-numbers.pth", pickle(dictionary(text("a"), number(1))), "torch.save did not write")

# What lies about itself.
write("storage-shorter.pth", checkpoint(dictionary(text("w"), tensor(count=8, shape=(8,)))), "storage '0'", "16 bytes", "32")
write("storage-missing.pth", checkpoint(dictionary(text("w"), tensor(key="9"))), "storage '9' is missing")
write("shape-beyond.pth", checkpoint(dictionary(text("w"), tensor(shape=(5,)))), "beyond its storage")
write("offset-beyond.pth", checkpoint(dictionary(text("w"), tensor(offset=1))), "beyond its storage")
write("strides-beyond.pth", checkpoint(dictionary(text("w"), tensor(strides=(2,)))), "beyond its storage")
write("shape-overflows.pth", checkpoint(dictionary(text("w"), tensor(shape=(1 << 62, 1 << 62), strides=(0, 0)))), "beyond its storage")
write("negative.pth", checkpoint(dictionary(text("w"), tensor(shape=(-4,)))), "no numbers of elements")
write("negative-strides.pth", checkpoint(dictionary(text("w"), tensor(strides=(-1,), offset=3))), "no numbers of elements")
write("huge-storage.pth", checkpoint(dictionary(text("w"), tensor(count=1 << 62))), "names no storage")
write("same-name-twice.pth", checkpoint(dictionary(text("w"), tensor(), text("w"), tensor())), "'w' twice")
write("legacy-storage-longer.pth", old(WEIGHTS, b"\x80\x02](X\x01\x00\x00\x000e." + struct.pack("<q", 1 << 40) + DATA), "cut short")
write("legacy-storage-negative.pth", old(WEIGHTS, b"\x80\x02](X\x01\x00\x00\x000e." + struct.pack("<q", -4) + DATA), "cut short")
write("legacy-trailing.pth", old(WEIGHTS) + b"more", "belong to no storage")
write("legacy-part-beyond.pth", old(dictionary(text("w"), REBUILD + b"((" + text("storage") + STORE + text("0") + text("cpu")
      + number(4) + b"(" + text("1") + number(3) + number(2) + b"ttQ" + number(0) + numbers(2) + numbers(1) + b"\x89}tR")), "part of a storage")
write("cut-short.pth", checkpoint(WEIGHTS)[:-30], "ZIP")
write("cut-pickle.pth", archive([("a/data.pkl", pickle(WEIGHTS)[:-9])]), "cut short")
write("no-stop.pth", archive([("a/data.pkl", b"\x80\x02}" + b"}0" * 50)]), "cut short")
write("stack-empty.pth", checkpoint(b"0"), "value is missing")
write("mark-missing.pth", checkpoint(b"}e"), "mark is missing")
write("deep.pth", checkpoint(b"]" * 200_000 + b"a" * 199_999, compression=zipfile.ZIP_DEFLATED), "no tensors by name")
write("holds-itself.pth", checkpoint(b"}q\x00" + text("x") + b"h\x00s"), "no tensors by name")
write("doubling.pth", checkpoint(b"](" + b"]]\x86" * 1000 + b"eq\x00" + b"".join(
    name("collections", "OrderedDict") + b"h\x00\x85R0" for _ in range(5_000)), compression=zipfile.ZIP_DEFLATED), "operations")

# Archives.
good = checkpoint(WEIGHTS)
bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
zeros = bomb.compress(bytes(66 << 20)) + bomb.flush()


def with_sizes(data, entry, size=None, flags=None, method=None, rename=None, offset=None, local=True):
    """Changes what the archive says of an entry, in the directory and before it."""
    data = bytearray(data)
    encoded = entry.encode()
    central = data.index(b"PK\x01\x02")
    while data[central + 46:central + 46 + len(encoded)] != encoded:
        central = data.index(b"PK\x01\x02", central + 4)
    start = struct.unpack_from("<I", data, central + 42)[0]
    if flags is not None:
        for place in (central + 8, start + 6):
            struct.pack_into("<H", data, place, flags)
    if method is not None:
        struct.pack_into("<H", data, central + 10, method)
        if local:
            struct.pack_into("<H", data, start + 8, method)
    if size is not None:
        struct.pack_into("<I", data, central + 24, size)
    if offset is not None:
        struct.pack_into("<I", data, central + 42, offset)
    if rename is not None:
        data[central + 46:central + 46 + len(encoded)] = rename.encode()
        if local:
            data[start + 30:start + 30 + len(encoded)] = rename.encode()
    return bytes(data)


write("bomb-pickle.pth", archive([("a/data.pkl", bytes(66 << 20))], zipfile.ZIP_DEFLATED), "times as many")
write("bomb-storage.pth", archive([("a/data.pkl", pickle(WEIGHTS)), ("a/data/0", bytes(40 << 20))], zipfile.ZIP_DEFLATED),
      "times as many")
packed = checkpoint(WEIGHTS, compression=zipfile.ZIP_DEFLATED)
write("bomb-that-says-less.pth", with_sizes(archive([("a/data.pkl", pickle(WEIGHTS)), ("a/data/0", bytes(8 << 20))],
      zipfile.ZIP_DEFLATED), "a/data/0", size=16), "size that its bytes cannot have")
write("size-beyond-deflate.pth", with_sizes(packed, "a/data/0", size=1 << 30), "size that its bytes cannot have")
write("size-of-stored.pth", with_sizes(good, "a/data/0", size=8), "size that its bytes cannot have")
write("size-of-a-deflated-pickle.pth", with_sizes(packed, "a/data.pkl", size=900), "size that its bytes cannot have")
write("encrypted.pth", with_sizes(good, "a/data/0", flags=1), "encrypted")
write("method.pth", with_sizes(good, "a/data/0", method=12), "method 12")
write("two-methods.pth", with_sizes(packed, "a/byteorder", method=0, local=False), "two things")
write("other-name-inside.pth", with_sizes(good, "a/data/0", rename="a/data/1", local=False), "two things")
write("outside.pth", with_sizes(good, "a/data/0", rename="../../.0"), "leads out")
write("absolute.pth", with_sizes(good, "a/data/0", rename="/tmp/x/0"), "leads out")
write("backslash.pth", with_sizes(good, "a/data/0", rename="a\\data\\0"), "leads out")
write("name-twice.pth", with_sizes(checkpoint(WEIGHTS, (("0", DATA), ("1", DATA))), "a/data/1", rename="a/data/0"),
      "two entries named")
inner = archive([("a/data/1", DATA)])[:30 + 8 + 16]
write("overlap.pth", with_sizes(checkpoint(WEIGHTS, (("0", inner), ("1", DATA))), "a/data/1",
      offset=checkpoint(WEIGHTS, (("0", inner), ("1", DATA))).index(inner)), "share bytes")
write("several-pickles.pth", archive([("a/data.pkl", pickle(WEIGHTS)), ("b/data.pkl", pickle(SYSTEM_CALL))]), "several pickles")
write("no-pickle.pth", archive([("a/other", b"x")]), "without data.pkl")
write("torchscript.pth", archive([("a/data.pkl", pickle(WEIGHTS)), ("a/constants.pkl", pickle(b")"))]), "TorchScript")
write("order.pth", archive([("a/data.pkl", pickle(WEIGHTS)), ("a/byteorder", b"middle"), ("a/data/0", DATA)]), "neither little nor big")
damaged = bytearray(good)
damaged[good.index(DATA) + 1] ^= 1
write("flipped-bit.pth", bytes(damaged), "damaged entry 'a/data/0'")
write("web-page.pth", b"<!DOCTYPE html><html>404</html>", "web page")
write("pointer.pth", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS")
tar = bytearray(1024)
tar[:8], tar[257:262] = b"sys_info", b"ustar"
write("old-tar.pth", bytes(tar), "tar archive")
write("empty.pth", b"", "no file of PyTorch's")
write("number.pth", checkpoint(number(3)), "no tensors by name")

with open(os.path.join(OUT, "hostile.json"), "w") as file:
    json.dump(cases, file, indent=0)
    file.write("\n")
print(len(cases), "files,", sum(os.path.getsize(os.path.join(OUT, entry["file"])) for entry in cases), "bytes")
