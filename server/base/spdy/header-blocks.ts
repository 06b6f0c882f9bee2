// The headers of SPDY streams: pairs of text, squeezed by one zlib stream per direction that lasts as long as the
// connection. Every block must go through, in order, also those of streams that nobody wants.

import { constants, createDeflate, createInflate, type Deflate, type Inflate } from 'node:zlib'

export type Headers = Readonly<Record<string, string>>

const OPTIONS = { flush: constants.Z_SYNC_FLUSH, dictionary: dictionary(), readableHighWaterMark: 1 << 20 }

export class HeaderPacker {
  readonly #deflate = createDeflate(OPTIONS)

  pack(headers: Headers): Promise<Buffer> {
    const pairs = Object.entries(headers)
    const parts = [uint32(pairs.length), ...pairs.flatMap(([name, value]) => [text(name.toLowerCase()), text(value)])]
    return through(this.#deflate, Buffer.concat(parts))
  }
}

export class HeaderUnpacker {
  readonly #inflate = createInflate(OPTIONS)

  /** Names come in small letters. */
  async unpack(block: Buffer): Promise<Headers> {
    const plain = await through(this.#inflate, block)
    let at = 0
    const number = () => {
      at += 4
      return plain.readUInt32BE(at - 4)
    }
    const word = () => {
      const length = number()
      if (at + length > plain.length) throw new Error('SPDY header block ends early')
      at += length
      return plain.toString('utf8', at - length, at)
    }
    const headers: Record<string, string> = {}
    for (let left = number(); left > 0; left--) {
      const name = word().toLowerCase()
      headers[name] = word()
    }
    return headers
  }
}

async function through(codec: Deflate | Inflate, input: Buffer): Promise<Buffer> {
  await new Promise<void>((resolve, reject) => {
    codec.once('error', reject)
    codec.write(input, (err) => {
      codec.off('error', reject)
      if (err) reject(err)
      else resolve()
    })
  })
  return (codec.read() as Buffer | null) ?? Buffer.alloc(0)
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint32(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** What both sides know before the first byte: names with their lengths, then pieces of values. */
function dictionary(): Buffer {
  const names = `options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges
    age allow authorization cache-control connection content-base content-encoding content-language content-length
    content-location content-md5 content-range content-type date etag expect expires from host if-match
    if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma
    proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade
    user-agent vary via warning www-authenticate method get status`.split(/\s+/)
  const rest = [
    '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505',
    '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized',
    '403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable',
    'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT',
    'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,',
    'text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.',
  ].join('')
  const more = ['200 OK', 'version', 'HTTP/1.1', 'url', 'public', 'set-cookie', 'keep-alive', 'origin']
  return Buffer.concat([...[...names, ...more].map(text), Buffer.from(rest)])
}
