import { expect, it } from 'vitest'
import { RecentDocuments } from './recent-documents.ts'

const MB = 1024 * 1024
const document = (etag: string, megabytes: number) => ({ etag, contentType: '', body: Buffer.alloc(megabytes * MB) })

it('forgets what nobody has asked for longest, once it holds too much', () => {
  const documents = new RecentDocuments()
  for (let count = 0; count < 100; count++) {
    documents.add(`made ${count}`, document(String(count), 10))
    expect(documents.get('made 0')?.etag, `after ${count}`).toBe('0')
  }
  expect(documents.bytes).toBe(250 * MB)
  expect([documents.get('made 1'), documents.get('made 75')]).toEqual([undefined, undefined])
  expect(documents.get('made 76')?.etag).toBe('76')
})

it('keeps what is larger than all it may hold until the next one comes', () => {
  const documents = new RecentDocuments()
  documents.add('large', document('large', 300))
  expect(documents.get('large')?.etag).toBe('large')
  documents.add('next', document('next', 1))
  expect([documents.get('large'), documents.bytes]).toEqual([undefined, MB])
})
