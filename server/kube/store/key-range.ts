// A range of keys, as etcd's requests say it: a first key and an exclusive end, with two special ends.
//
//   end absent   just the one key
//   end '\0'     everything from the key on; with the key '\0' as well: everything
//   end 'b'      key <= x < 'b'

export interface KeyRange {
  key: string
  rangeEnd?: string
}

const TO_THE_END = '\0'

export function isSingleKey(range: KeyRange): boolean {
  return range.rangeEnd === undefined || range.rangeEnd === ''
}

/** The first key after the range, or undefined when it goes on to the end. */
export function firstKeyAfter(range: KeyRange): string | undefined {
  if (isSingleKey(range)) return `${range.key}\0`
  return range.rangeEnd === TO_THE_END ? undefined : range.rangeEnd
}

export function rangeContains(range: KeyRange, key: string): boolean {
  if (isSingleKey(range)) return key === range.key
  return key >= range.key && (range.rangeEnd === TO_THE_END || key < (range.rangeEnd as string))
}

/** The end of the range of all keys that begin with `prefix`: the prefix with its last byte counted up. */
export function prefixEnd(prefix: string): string {
  for (let last = prefix.length - 1; last >= 0; last--) {
    const byte = prefix.charCodeAt(last)
    if (byte < 0xff) return prefix.slice(0, last) + String.fromCharCode(byte + 1)
  }
  return TO_THE_END
}
