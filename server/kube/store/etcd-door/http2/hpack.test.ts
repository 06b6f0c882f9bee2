import { describe, expect, it } from 'vitest'
import { encodeHeaders, HeaderDecoder } from './hpack.ts'

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')

/** RFC 7541, appendix C.4 and C.6: each story by one decoder. */
const STORIES = {
  'requests, coded': [
    [
      '828684418cf1e3c2e5f23a6ba0ab90f4ff',
      { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'www.example.com' },
    ],
    [
      '828684be5886a8eb10649cbf',
      {
        ':method': 'GET',
        ':scheme': 'http',
        ':path': '/',
        ':authority': 'www.example.com',
        'cache-control': 'no-cache',
      },
    ],
    [
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
      {
        ':method': 'GET',
        ':scheme': 'https',
        ':path': '/index.html',
        ':authority': 'www.example.com',
        'custom-key': 'custom-value',
      },
    ],
  ],
  'answers, in a table of 256 bytes that forgets': [
    [
      '3fe101 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
      {
        ':status': '302',
        'cache-control': 'private',
        date: 'Mon, 21 Oct 2013 20:13:21 GMT',
        location: 'https://www.example.com',
      },
    ],
    [
      '4883640effc1c0bf',
      {
        ':status': '307',
        'cache-control': 'private',
        date: 'Mon, 21 Oct 2013 20:13:21 GMT',
        location: 'https://www.example.com',
      },
    ],
    [
      '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      {
        ':status': '200',
        'cache-control': 'private',
        date: 'Mon, 21 Oct 2013 20:13:22 GMT',
        location: 'https://www.example.com',
        'content-encoding': 'gzip',
        'set-cookie': 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
      },
    ],
  ],
} satisfies Record<string, [string, Record<string, string>][]>

describe('packed headers', () => {
  it.each(Object.entries(STORIES))('are read as the RFC has them: %s', (_, story) => {
    const decoder = new HeaderDecoder()
    for (const [hex, fields] of story) {
      expect(Object.fromEntries(decoder.decode(bytes(hex as string)))).toEqual(fields)
    }
  })

  it.each([
    { what: 'a field that nobody told', hex: 'be' },
    { what: 'a field that a smaller table has forgotten', hex: '40 01 61 01 62 20 be' },
    { what: 'a field that newer ones have pushed out', hex: '3f1f 40 01 61 01 62 40 01 63 01 64 bf' },
    { what: 'field 0', hex: '80' },
    { what: 'a string that is cut short', hex: '4003 6162' },
    { what: 'a number that is cut short', hex: 'ff' },
    { what: 'a number too large', hex: 'ff ffffffff7f' },
    { what: 'a number without end', hex: 'ff 8080808080808080808000' },
    { what: 'a table larger than agreed', hex: '3fe21f' },
    { what: 'a coded string that ends in more than padding', hex: '0081 00 00' },
    { what: 'the end of a string in a string', hex: '0084 ffffffff 00' },
  ])('are refused: $what', ({ hex }) => {
    expect(() => new HeaderDecoder().decode(bytes(hex))).toThrow(RangeError)
  })

  it('are refused when they unpack to far more than they are', () => {
    const large = Buffer.concat([bytes('40 01 61 7f a11e'), Buffer.alloc(4000, 'x')])
    expect(() => new HeaderDecoder().decode(Buffer.concat([large, Buffer.alloc(100, 0xbe)]))).toThrow('too many')
  })

  it('that we write are read back', () => {
    const fields = { ':status': '200', 'content-type': 'application/grpc', 'grpc-message': 'x'.repeat(500), te: '' }
    expect(Object.fromEntries(new HeaderDecoder().decode(encodeHeaders(fields)))).toEqual(fields)
  })
})
