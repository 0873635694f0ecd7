"""Verifies the hash chain of docs/formats.md independently: python3 verify_ledger.py LEDGER GENESIS"""
import hashlib, json, struct, sys

prev = sys.argv[2]
for number, line in enumerate(open(sys.argv[1], newline="\n"), 1):
    record = json.loads(line)
    body = line[:line.rindex(',"hash":')] + "}"
    digest = hashlib.sha256(b"idem-ledger-1\n" + bytes.fromhex(prev[7:]) + body.encode()).hexdigest()
    assert record["prev"] == prev, f"line {number}: prev"
    assert record["hash"] == "sha256:" + digest, f"line {number}: hash"
    for field in [f for f in record if f + "_bits" in record]:
        bits = record[field + "_bits"]
        code = ">f" if len(bits) == 8 else ">d"
        assert struct.pack(code, record[field]).hex() == bits, f"line {number}: {field}"
    prev = record["hash"]
print(prev)
