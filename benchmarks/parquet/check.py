"""Files of four writers of Parquet, cleaned, and read by other readers than wrote them.

    benchmarks/parquet/run [FILES [SEED]]     installs what it needs, builds, and calls this

Each file has random columns, encodings, compressions, page versions and sizes, and a column `text` some
of whose values come twice: those rows go. Then every value of every row that stays must be what the
same reader sees in the file that was cleaned: NaNs by their bits, nulls, nested ones and all. So must the schema.
"""

import datetime, decimal, json, os, random, struct, subprocess, sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

R = random.Random()
CODECS = ["NONE", "SNAPPY", "GZIP", "BROTLI", "ZSTD", "LZ4"]


def pick(*of):
    return R.choice(of)


# What a type's values are made by, and the encodings beside PLAIN and those of dictionaries.
def integers(bits, signed=True):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    start = R.randint(low, high)
    return lambda i: pick(low, high, 0, 1, min(high, start + i)) if R.random() < 0.5 else R.randint(low, high)


def floating(form, width):
    special = [float("nan"), float("inf"), -0.0, 1.5, 0.1]
    def value(i):
        return R.choice(special) if R.random() < 0.3 else struct.unpack(form, R.randbytes(width))[0]
    return value


def octets(n):
    return lambda i: R.randbytes(n)


def words(i):
    return pick("", "ä", "a word", "prefix/%d" % (i % 7), "prefix/%d/%d" % (i % 7, i), "x" * R.randint(0, 60), "\U0001f600 %d" % R.randint(0, 9))


def leaf():
    delta = ["DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"]
    strings = ["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"]
    n = R.randint(1, 20)
    return R.choice([
        (pa.bool_(), lambda i: R.random() < pick(0, 0.5, 1), ["RLE"]),
        (pa.int8(), integers(8), ["DELTA_BINARY_PACKED"]), (pa.int16(), integers(16), delta), (pa.int32(), integers(32), delta), (pa.int64(), integers(64), delta),
        (pa.uint8(), integers(8, False), delta), (pa.uint32(), integers(32, False), delta), (pa.uint64(), integers(64, False), delta),
        (pa.float16(), lambda i: __import__("numpy").float16(R.uniform(-9, 9)), ["BYTE_STREAM_SPLIT"]),
        (pa.float32(), floating("<f", 4), ["BYTE_STREAM_SPLIT"]), (pa.float64(), floating("<d", 8), ["BYTE_STREAM_SPLIT"]),
        (pa.string(), words, strings), (pa.binary(), lambda i: R.randbytes(R.randint(0, 12)), strings), (pa.large_string(), words, strings),
        (pa.binary(n), octets(n), ["DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT"]),
        (pa.decimal128(9, 2), lambda i: decimal.Decimal(R.randint(-999999999, 999999999)).scaleb(-2), []),
        (pa.decimal128(30, 4), lambda i: decimal.Decimal(R.randint(-10**29, 10**29)).scaleb(-4), []),
        (pa.date32(), lambda i: datetime.date(1970, 1, 1) + datetime.timedelta(R.randint(-9999, 9999)), ["DELTA_BINARY_PACKED"]),
        (pa.timestamp(pick("ms", "us", "ns")), lambda i: datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=R.randint(-10**8, 10**8)), delta),
        (pa.timestamp("us", tz="UTC"), lambda i: datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(seconds=R.randint(0, 10**8)), []),
        (pa.time64("us"), lambda i: datetime.time(R.randint(0, 23), R.randint(0, 59), R.randint(0, 59), R.randint(0, 999999)), []),
        (pa.dictionary(pa.int32(), pa.string()), lambda i: "kind %d" % R.randint(0, 9), []),
    ])


def node(depth):
    kind = R.random()
    nulls = pick(0, 0.1, 0.9, 1)
    if depth == 0 or kind < 0.6:
        t, value, encodings = leaf()
    elif kind < 0.75:
        inner, make, _ = node(depth - 1)
        t, value, encodings = pa.list_(inner), lambda i: [make(i + n) for n in range(R.randint(0, 4))], []
    elif kind < 0.9:
        inner = [node(depth - 1) for _ in range(R.randint(1, 3))]
        t, encodings = pa.struct([("f%d" % n, x[0]) for n, x in enumerate(inner)]), []
        value = lambda i: {"f%d" % n: x[1](i) for n, x in enumerate(inner)}
    else:
        inner, make, _ = node(depth - 1)
        t, value, encodings = pa.map_(pa.string(), inner), lambda i: [("key %d" % n, make(i)) for n in range(R.randint(0, 3))], []
    return t, lambda i: None if R.random() < nulls else value(i), encodings


def texts(name, rows):
    most = max(1, int(rows * pick(0.3, 0.9, 5)))
    return ["%s has the text with the number %d" % (name, R.randrange(most)) for _ in range(rows)]


def table(name, depth=2, simple=False):
    rows = pick(1, 10, 200, 3000)
    columns, encodings = {"text": pa.array(texts(name, rows), pa.string())}, {}
    for n in range(R.randint(1, 6)):
        t, value, e = node(depth)
        if simple and ("float16" in str(t) or "dictionary" in str(t)):
            continue
        key = "c%d" % n
        columns[key] = pa.array([value(i) for i in range(rows)], t)
        if e and R.random() < 0.6:
            encodings[key] = R.choice(e)
    return pa.table(columns), encodings


def by_pyarrow(path, name):
    t, encodings = table(name)
    dictionary = [c for c in t.column_names if c not in encodings and R.random() < 0.5]
    compression = R.choice(CODECS) if R.random() < 0.7 else {c: R.choice(CODECS) for c in t.column_names}
    if isinstance(compression, dict) and any(pa.types.is_nested(f.type) for f in t.schema):
        compression = R.choice(CODECS)
    pq.write_table(t, path, data_page_version=pick("1.0", "2.0"), version=pick("1.0", "2.4", "2.6"), use_dictionary=dictionary, column_encoding=encodings or None,
        compression=compression, row_group_size=pick(1, 7, 1000, 100000) if t.num_rows < 300 else pick(500, 100000), data_page_size=pick(1, 100, 1 << 20),
        write_batch_size=pick(1, 16, 1024), dictionary_pagesize_limit=pick(1, 50, 1 << 20), write_page_checksum=R.random() < 0.5, write_page_index=R.random() < 0.5,
        write_statistics=R.random() < 0.7, store_schema=R.random() < 0.5, use_deprecated_int96_timestamps=R.random() < 0.1, store_decimal_as_integer=R.random() < 0.5,
        use_compliant_nested_type=R.random() < 0.5)


def by_pyarrow_in_pieces(folder, name):
    """Writes a table as several files of one schema, each in a way of its own."""
    t, encodings = table(name)
    size = max(1, t.num_rows // pick(1, 3, 20))
    for n, at in enumerate(range(0, t.num_rows, size)):
        e = {c: v for c, v in encodings.items() if R.random() < 0.5}
        pq.write_table(t.slice(at, size), f"{folder}/{n:05d}.parquet", data_page_version=pick("1.0", "2.0"), version="2.6", column_encoding=e or None,
            use_dictionary=[c for c in t.column_names if c not in e and R.random() < 0.5], compression=pick("ZSTD", "ZSTD", "SNAPPY"), data_page_size=pick(1, 1 << 20))


def by_duckdb(path, name):
    t, _ = table(name, depth=2, simple=True)
    con = duckdb.connect()
    con.register("t", t)
    codec = pick("uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4_raw")
    con.sql(f"copy t to '{path}' (format parquet, codec '{codec}', row_group_size {pick(2048, 100000)}, parquet_version {pick('v1', 'v2')}, dictionary_size_limit {pick(1, 50, 100000)})")


def canonical(a):
    """The values of an array as a list that can be compared: floats by their bits, nothing rounded."""
    if isinstance(a, pa.ChunkedArray):
        return [v for c in a.chunks for v in canonical(c)]
    t = a.type
    if pa.types.is_dictionary(t):
        return canonical(a.dictionary_decode())
    if pa.types.is_struct(t):
        parts = [canonical(a.field(i)) for i in range(t.num_fields)]
        return [None if not ok else tuple(p[i] for p in parts) for i, ok in enumerate(a.is_valid().to_pylist())]
    if pa.types.is_list(t) or pa.types.is_large_list(t) or pa.types.is_map(t):
        offsets = a.offsets.to_pylist()
        if pa.types.is_map(t):
            inner = list(zip(canonical(a.keys), canonical(a.items)))
        else:
            inner = canonical(a.values)
        return [None if not ok else inner[offsets[i]:offsets[i + 1]] for i, ok in enumerate(a.is_valid().to_pylist())]
    for kind, view in ((pa.types.is_float16, pa.int16()), (pa.types.is_float32, pa.int32()), (pa.types.is_float64, pa.int64()), (pa.types.is_timestamp, pa.int64()), (pa.types.is_time64, pa.int64())):
        if kind(t):
            return a.view(view).to_pylist()
    return a.to_pylist()


def read_pyarrow(path):
    return pq.ParquetFile(path).read()


def read_duckdb(path):
    return duckdb.sql(f"select * from read_parquet('{path}')").to_arrow_table()


READERS = {"pyarrow": read_pyarrow, "duckdb": read_duckdb}
OTHERS = {"pyarrow": ["duckdb", "hyparquet"], "duckdb": ["pyarrow", "hyparquet"], "hyparquet-writer": ["pyarrow", "duckdb"], "parquet-go": ["pyarrow", "duckdb"]}


def first(values):
    seen = set()
    return [i for i, v in enumerate(values) if not (v in seen or seen.add(v))]


def count(v):
    return sum(map(count, v)) if isinstance(v, (list, tuple, dict)) else 1


def many(neardup, made, runs):
    """Has several files be written to one, and to parts of a size. Returns how often that was wrong."""
    wrong, done, sources = 0, 0, 0
    for n in range(runs):
        folder = f"{made}/many{n}"
        os.mkdir(folder)
        os.mkdir(folder + "/in")
        try:
            by_pyarrow_in_pieces(folder + "/in", f"pieces {n}")
        except (pa.ArrowException, OSError):
            continue
        split = ["--split-size", pick("1KiB", "20KiB")] if n % 2 else []
        run = subprocess.run([neardup, "clean", "in", "-o", "out.parquet", "--drop", "exact", "-q", *split], cwd=folder, capture_output=True, text=True)
        parts = sorted(x for x in os.listdir(folder) if x.startswith("out"))
        names = sorted(os.listdir(folder + "/in"))
        try:
            x = pa.concat_tables(READERS["duckdb"](f"{folder}/in/{f}") for f in names)
            y = pa.concat_tables(READERS["duckdb"](f"{folder}/{f}") for f in parts)
        except duckdb.Error as e:
            if not parts:
                raise
            x = pa.concat_tables(read_pyarrow(f"{folder}/in/{f}") for f in names)
            y = pa.concat_tables(read_pyarrow(f"{folder}/{f}") for f in parts)
        kept = first(x["text"].to_pylist())
        done, sources = done + 1, sources + len(names)
        for c in range(x.num_columns):
            want = canonical(x.column(c))
            if canonical(y.column(c)) != [want[i] for i in kept]:
                wrong += 1
                print("NOT EQUAL:", folder, x.column_names[c], run.stderr)
    print(f"{sources} files written to {done} outputs, {wrong} columns not equal")
    return wrong


def main(neardup, made, files, seed):
    R.seed(seed)
    writers = {"pyarrow": by_pyarrow, "duckdb": by_duckdb}
    for n in range(files):
        writer = ["pyarrow", "pyarrow", "duckdb"][n % 3]
        path = f"{made}/in/{writer}-{n}.parquet"
        try:
            writers[writer](path, f"{writer} {n}")
        except (pa.ArrowException, OSError, duckdb.Error) as e:
            os.path.exists(path) and os.remove(path)
            print("not written:", writer, n, str(e)[:100], file=sys.stderr)
    run = subprocess.run([neardup, "clean", "in", "-o", "out", "--drop", "exact", "--max-bad-rate", "1", "--summary", "summary.json", "--rejects", "rejects.jsonl", "-q"], cwd=made)
    if run.returncode:
        print("neardup: exit code", run.returncode, open(f"{made}/rejects.jsonl").read()[:2000])
        return 1
    totals = {w: dict(files=0, readings=0, rows=0, values=0) for w in OTHERS}
    wrong, pairs, compared = 0, [], set()
    for name in sorted(os.listdir(f"{made}/in")):
        writer = name.rsplit("-", 1)[0]
        total = totals[writer]
        total["files"] += 1
        a, b = f"{made}/in/{name}", f"{made}/out/{name}"
        for reader in OTHERS[writer]:
            if reader == "hyparquet":
                pairs.append((a, b))
                continue
            try:
                x = READERS[reader](a)
            except Exception as e:
                print("not read:", name, reader, str(e)[:100], file=sys.stderr)
                continue
            compared.add(name)
            try:
                y = READERS[reader](b)
                kept = first(x["text"].to_pylist())
                total["readings"] += 1
                total["rows"] += len(kept)
                ok = x.schema.equals(y.schema, check_metadata=True) and y.num_rows == len(kept)
                for n in range(x.num_columns):
                    want = canonical(x.column(n))
                    want = [want[i] for i in kept]
                    ok = ok and canonical(y.column(n)) == want
                    total["values"] += count(want)
            except Exception as e:
                ok = False
                print(e)
            if not ok:
                wrong += 1
                print("NOT EQUAL:", name, "read by", reader)
    pieces = many(neardup, made, max(3, files // 20))
    wrong += pieces
    json.dump(pairs, open(f"{made}/pairs.json", "w"))
    out = subprocess.run(["node", os.path.join(os.path.dirname(os.path.abspath(__file__)), "hyparquet.mjs"), "read", made], capture_output=True, text=True)
    print(out.stderr, end="", file=sys.stderr)
    if out.returncode:
        return 1
    for line in out.stdout.splitlines():
        r = json.loads(line)
        total = totals[os.path.basename(r["file"]).rsplit("-", 1)[0]]
        if "unread" in r:
            print("not read:", os.path.basename(r["file"]), "hyparquet", r["unread"][:100], file=sys.stderr)
            continue
        compared.add(os.path.basename(r["file"]))
        total["readings"] += 1
        total["rows"] += r["rows"]
        total["values"] += r["values"]
        if r["wrong"]:
            wrong += 1
            print("NOT EQUAL:", r["file"], "read by hyparquet:", r["wrong"])
    for w, total in totals.items():
        print(w, total)
    every = sum(t["files"] for t in totals.values())
    print(f"{every} files, {len(compared)} of them read by another reader, {sum(t['values'] for t in totals.values())} values compared, {wrong} readings not equal")
    return 1 if wrong or min(t["readings"] for t in totals.values()) == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
