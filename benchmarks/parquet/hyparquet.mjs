// Files by hyparquet-writer, and other files read by hyparquet.
//
//   node hyparquet.mjs write DIR FILES SEED     writes DIR/in/hyparquet-writer-N.parquet
//   node hyparquet.mjs read DIR                 compares the pairs of files in DIR/pairs.json
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import zlib from 'node:zlib'

// Modules are where the process was started, not where this file is.
const require = createRequire(process.cwd() + '/')
const load = name => import(pathToFileURL(require.resolve(name)).href)
const { parquetReadObjects } = await load('hyparquet')
const { compressors } = await load('hyparquet-compressors')
const { parquetWriteBuffer } = await load('hyparquet-writer')

const [, , job, dir, files, seed] = process.argv

let state = BigInt(seed ?? 1) * 2862933555777941757n + 3037000493n
function random() {
  state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n)
  return Number(state >> 33n) / 2 ** 31
}
const below = n => Math.floor(random() * n)
const pick = (...of) => of[below(of.length)]
const bytes = n => Uint8Array.from({ length: n }, () => below(256))

const types = {
  BOOLEAN: { value: () => random() < 0.7, encodings: ['RLE'] },
  INT32: { value: i => pick(i, below(2 ** 31) - 2 ** 30, 7), encodings: ['DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT', 'RLE_DICTIONARY'] },
  INT64: { value: i => pick(BigInt(i), state >> 2n, -5n), encodings: ['DELTA_BINARY_PACKED', 'BYTE_STREAM_SPLIT', 'RLE_DICTIONARY'] },
  FLOAT: { value: () => Math.fround(pick(NaN, -0, random(), 1e30)), encodings: ['BYTE_STREAM_SPLIT', 'RLE_DICTIONARY'] },
  DOUBLE: { value: () => pick(NaN, -0, random(), Infinity), encodings: ['BYTE_STREAM_SPLIT', 'RLE_DICTIONARY'] },
  BYTE_ARRAY: { value: () => bytes(below(9)), encodings: ['DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY'] },
  STRING: { value: i => pick('', 'ä word', 'prefix/' + i % 5 + '/' + i), encodings: ['DELTA_LENGTH_BYTE_ARRAY', 'DELTA_BYTE_ARRAY', 'RLE_DICTIONARY'] },
  JSON: { value: i => ({ i, list: [1, 2] }), encodings: [] },
  TIMESTAMP: { value: () => new Date(below(2 ** 31) * 1000), encodings: [] },
  UUID: { value: () => bytes(16), encodings: [] },
  FLOAT16: { value: () => pick(1.5, 0, -2), encodings: [] },
}

function write() {
  for (let n = 0; n < Number(files); n++) {
    const rows = pick(1, 20, 300, 2000)
    const most = Math.max(1, Math.floor(rows * pick(0.3, 0.9, 5)))
    const columnData = [{ name: 'text', type: 'STRING', nullable: false, data: Array.from({ length: rows }, () => `hyparquet ${n} has the text with the number ${below(most)}`) }]
    for (let c = 0; c <= below(6); c++) {
      const type = pick(...Object.keys(types))
      const { value, encodings } = types[type]
      const nullable = random() < 0.6
      const column = { name: 'c' + c, type, nullable, data: Array.from({ length: rows }, (_, i) => nullable && random() < 0.3 ? undefined : value(i)) }
      if (encodings.length && random() < 0.7) column.encoding = pick('PLAIN', ...encodings)
      columnData.push(column)
    }
    const buffer = parquetWriteBuffer({
      columnData, codec: pick('UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI'), statistics: random() < 0.6, pageSize: pick(64, 1000, 1 << 20), rowGroupSize: pick(17, 500, 100000),
      compressors: { GZIP: b => zlib.gzipSync(b), BROTLI: b => zlib.brotliCompressSync(b) },
    })
    fs.writeFileSync(`${dir}/in/hyparquet-writer-${n}.parquet`, Buffer.from(buffer))
  }
}

// canonical returns a value as text in which all that differs differs, and counts what it holds.
let values = 0
function canonical(v) {
  if (v instanceof Date) return values++, 'd' + v.getTime()
  if (ArrayBuffer.isView(v)) return values++, 'b' + Buffer.from(v.buffer, v.byteOffset, v.byteLength).toString('hex')
  if (Array.isArray(v)) return '[' + v.map(canonical).join() + ']'
  if (v && typeof v === 'object') return '{' + Object.entries(v).map(([k, x]) => k + ':' + canonical(x)).join() + '}'
  values++
  return Object.is(v, -0) ? '-0' : typeof v + JSON.stringify(typeof v === 'bigint' ? String(v) : v) + v
}

async function compare([a, b]) {
  const file = async path => {
    const b = fs.readFileSync(path)
    return parquetReadObjects({ file: b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength), compressors })
  }
  let source
  try {
    source = await file(a)
  } catch (e) {
    return { file: a, unread: String(e) }
  }
  try {
    const seen = new Set()
    const want = source.filter(row => !seen.has(row.text) && seen.add(row.text))
    const got = await file(b)
    values = 0
    let wrong = got.length === want.length ? '' : `${got.length} rows, want ${want.length}`
    for (let i = 0; i < want.length && !wrong; i++) {
      const w = canonical(want[i])
      const before = values
      if (canonical(got[i]) !== w) wrong = `row ${i}`
      values = before
    }
    return { file: a, rows: want.length, values, wrong }
  } catch (e) {
    return { file: a, rows: 0, values: 0, wrong: String(e) }
  }
}

if (job === 'write') {
  write()
} else {
  for (const pair of JSON.parse(fs.readFileSync(dir + '/pairs.json', 'utf8'))) console.log(JSON.stringify(await compare(pair)))
}
