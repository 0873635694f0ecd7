"""The digest tree of docs/formats.md, computed independently: python3 tensor_digest.py FILE.safetensors ..."""
import hashlib, json, struct, sys

NAN = {"F16": ("<H", 0x7C00, 0x7E00), "BF16": ("<H", 0x7F80, 0x7FC0), "F32": ("<I", 0x7F800000, 0x7FC00000),
       "F64": ("<Q", 0x7FF0000000000000, 0x7FF8000000000000)}
u64 = lambda n: struct.pack("<Q", n)
text = lambda s: u64(len(s.encode())) + s.encode()

def canonical(data, dtype):
    if dtype not in NAN: return data
    code, infinity, nan = NAN[dtype]
    sign = 1 << (8 * struct.calcsize(code) - 1)
    return b"".join(struct.pack(code, nan if v & ~sign > infinity else v) for (v,) in struct.iter_unpack(code, data))

def tensor_digest(name, dtype, shape, data):
    data = canonical(data, dtype)
    chunks = [hashlib.sha256(data[i:i + 2**20]).digest() for i in range(0, len(data), 2**20)]
    head = b"idem-tensor-1\n" + text(name) + text(dtype) + u64(len(shape)) + b"".join(map(u64, shape))
    return hashlib.sha256(head + b"".join(chunks)).digest()

tensors = {}
for path in sys.argv[1:]:
    file = open(path, "rb").read()
    start = 8 + struct.unpack("<Q", file[:8])[0]
    for name, t in json.loads(file[8:start]).items():
        if name != "__metadata__":
            begin, end = t["data_offsets"]
            tensors[name] = tensor_digest(name, t["dtype"], t["shape"], file[start + begin:start + end])
for name in sorted(tensors):
    print("sha256:" + tensors[name].hex(), name)
print("sha256:" + hashlib.sha256(b"idem-tensors-1\n" + u64(len(tensors)) + b"".join(tensors[n] for n in sorted(tensors))).hexdigest(), "root")
