#!/usr/bin/env python3
"""Computes the known answers of fingerprints.json, on its own and slowly.

It shares no code with the Go package, only the table of Chinese variants: normalisation is written down again from the package's
documentation, with Python's unicodedata, and SimHash is counted bit by bit.

    python3 fingerprints.py < fingerprints.json > new.json

reads the texts and writes them back with their fingerprints. Characters that Python's and
Go's Unicode tables may treat differently (new ones, and Cherokee) are not among the texts.
"""
import json
import pathlib
import re
import sys
import unicodedata

MASK = (1 << 64) - 1
FIRST, LAST, FINISH = 0x9E3779B97F4A7C15, 0x243F6A8885A308D3, 0xB7E151628AED2A6B

PUNCTUATION = {}
for target, marks in {
    ".": "。｡．۔։።", ",": "、､，،፣︐︑", ";": "؛፤", "?": "؟⸮",
    '"': "“”„‟«»「」『』《》〈〉〝〞〟″＂", "'": "‘’‚‛‹›′`ʼ＇",
    "-": "‐‑‒–—―−─━﹘－⁃", "[": "【〔〖〘〚", "]": "】〕〗〙〛",
    "·": "・•‧∙⋅●▪◦", "~": "〜～∼",
}.items():
    for mark in marks:
        PUNCTUATION[mark] = target

GO = (pathlib.Path(__file__).parent.parent / "variants.go").read_text()
VARIANTS = {v: word[0] for line in re.findall(r'^\t"(.*)"', GO, re.M) for word in line.split() for v in word}

UNSPACED = ("CJK UNIFIED", "CJK COMPAT", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "BOPOMOFO", "THAI", "LAO", "KHMER", "MYANMAR", "YI ")
DENSE = ("CJK UNIFIED", "CJK COMPAT", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL", "YI ")


def named(c, prefixes):
    return unicodedata.category(c)[0] != "P" and unicodedata.name(c, "").startswith(prefixes)


def ignorable(c):
    n = ord(c)
    if 0xFE00 <= n <= 0xFE0F or 0xE0100 <= n <= 0xE01EF or 0x180B <= n <= 0x180F:
        return True
    if n in (0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0, 0x17B4, 0x17B5):
        return True
    return unicodedata.category(c) in ("Cc", "Cf") and not space(c)


def space(c):
    return c in "\t\n\v\f\r\x85" or unicodedata.category(c)[0] == "Z"


def normalise_once(text, fold_han):
    text = "".join(c for c in text if not ignorable(c))
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(PUNCTUATION.get(c, c) for c in text)
    if fold_han:
        text = "".join(VARIANTS.get(c, c) for c in text)
    out, pending, unspaced = "", False, False
    for c in text:
        if space(c):
            pending = out != ""
            continue
        if pending:
            pending = False
            if unicodedata.category(c)[0] == "M" or not unspaced and not named(c, UNSPACED):
                out += " "
        out += c
        if unicodedata.category(c)[0] in "LN":
            unspaced = named(c, UNSPACED)
    return out


def normalise(text, fold_han):
    while True:
        again = normalise_once(text, fold_han)
        if again == text:
            return text
        text = again


def shingles(text, size):
    found = set()
    for start in range(len(text)):
        weight = 0
        for end in range(start, len(text)):
            weight += 3 if size == "auto" and named(text[end], DENSE) else 1
            if weight >= (8 if size == "auto" else int(size)):
                found.add(text[start:end + 1])
                break
    return found


def multiply(x, y):
    product = x * y
    return (product >> 64) ^ (product & MASK)


def shingle_hash(shingle):
    data = shingle.encode()
    h = len(data)
    while len(data) > 16:
        h = multiply(h ^ int.from_bytes(data[:8], "little") ^ FIRST, LAST)
        data = data[8:]
    data = data.ljust(8, b"\0")
    first, last = (int.from_bytes(word, "little") for word in (data[:8], data[-8:]))
    return multiply(multiply(h ^ first ^ FIRST, last ^ LAST), FINISH)


def fingerprint(text, size, fold_han):
    sums = [0] * 64
    found = shingles(normalise(text, fold_han), size)
    for s in found:
        h = shingle_hash(s)
        for bit in range(64):
            sums[bit] += 1 if h >> bit & 1 else -1
    if not found:
        return 0, 0
    return sum(1 << bit for bit in range(64) if sums[bit] >= 0), len(found)


def main():
    rows = json.load(sys.stdin)
    for row in rows:
        value, count = fingerprint(row["text"], row["size"], row.get("fold_han", False))
        row["fingerprint"], row["shingles"] = "%016x" % value, count
    print("[")
    print(",\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    print("]")


main()
