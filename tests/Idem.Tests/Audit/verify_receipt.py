"""Verifies the digests of docs/formats.md "Receipts" independently: python3 verify_receipt.py RECEIPT"""
import hashlib, json, re, struct, sys


def digest(name, data):
    return "sha256:" + hashlib.sha256(name + data).hexdigest()


raw = open(sys.argv[1], "rb").read()
receipt = json.loads(raw)
for section in ("model", "sampling", "prompt"):
    text = re.search(rb'\n"%s":(\{.*),"digest":"(sha256:[0-9a-f]{64})"\},\n' % section.encode(), raw)
    assert digest(b"idem-receipt-1 section\n", text[1] + b"}").encode() == text[2], section
header = digest(b"idem-receipt-1 header\n", raw[: raw.index(b',\n"header":')])
assert header == receipt["header"], "header"
for sample in receipt["samples"]:
    link = digest(b"idem-receipt-1 sample\n", bytes.fromhex(header[7:]) + struct.pack("<q", sample["sample"]))
    for place, token in enumerate(sample["tokens"]):
        assert token["position"] == len(receipt["prompt"]["ids"]) + place, f"token {place}: position"
        assert token["logprob"] is None or struct.pack(">f", token["logprob"]).hex() == token["logprob_bits"], f"token {place}: logprob"
        link = digest(b"idem-receipt-1 token\n", bytes.fromhex(link[7:]) + struct.pack("<qqI", token["position"], token["id"], int(token["logprob_bits"], 16)) + bytes.fromhex(token["logits"][7:]))
        assert token["hash"] == link, f"token {place}: hash"
    assert sample["hash"] == digest(b"idem-receipt-1 finish\n", bytes.fromhex(link[7:]) + sample["finish_reason"].encode()), "finish_reason"
assert receipt["id"] == digest(b"", raw[: raw.index(b',\n"id":"sha256:')]), "id"
print(receipt["id"])
