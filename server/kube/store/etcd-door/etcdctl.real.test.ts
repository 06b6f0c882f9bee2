// Stock etcdctl, of Debian 12 and of etcd 3.5, etcdutl and curl against the door: whoever knows etcd must not notice.

import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from '../../../../e2e/support/commands.ts'
import { systemClock } from '../../../base/clock.ts'
import { nodeDisk } from '../disk.ts'
import { openStore, restoreStore, type Store } from '../store.ts'
import { startEtcd } from '../testing/real-etcd.ts'
import { type EtcdDoor, openEtcdDoor } from './door.ts'

const ETCD_35 = join(root, '.cache', 'bin', 'etcd-3.5')
const run = promisify(execFile)

let directory: string
let store: Store
let door: EtcdDoor
/** The one that a case is about. */
let program = 'etcdctl'

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-etcdctl-'))
  store = await openStore({ directory: join(directory, 'store'), clock: systemClock })
  door = await openEtcdDoor({ store, clock: systemClock })
})

afterEach(async () => {
  await door.close()
  await store.close()
  await rm(directory, { recursive: true, force: true })
})

const environment = (endpoint = door.url) => ({ ...process.env, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: endpoint })

/**
 * `endpoint` and `defrag` of etcdctl 3.4 say the whole URL where HTTP/2 wants a host (`:authority`), which Node refuses. Without
 * the scheme, as in etcdctl's own default endpoint, it is right.
 */
const byAddress = () => environment(`127.0.0.1:${door.port}`)

async function etcdctl(...words: string[]): Promise<string> {
  const env = ['endpoint', 'defrag'].includes(words[0] as string) ? byAddress() : environment()
  const { stdout } = await run(program, words, { env, timeout: 60_000 })
  return stdout
}

/** `etcdctl txn` reads its request from standard input. */
function etcdctlWith(input: string, ...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { env: environment() })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.once('error', reject)
    child.once('close', () => resolve(output))
    child.stdin.end(input)
  })
}

describe.each([
  { name: 'etcdctl of Debian 12 (3.4)', path: 'etcdctl' },
  { name: 'etcdctl 3.5', path: join(ETCD_35, 'etcdctl') },
])('$name', ({ path }) => {
  beforeEach(() => {
    program = path
  })

  it('puts, gets in every order, counts and deletes', async () => {
    for (const [key, value] of [
      ['/a', '3'],
      ['/b', '1'],
      ['/c', '2'],
      ['/a', '4'],
    ]) {
      expect(await etcdctl('put', key!, value!)).toBe('OK\n')
    }
    expect(await etcdctl('get', '/a')).toBe('/a\n4\n')
    expect(await etcdctl('get', '/a', '--rev', '2', '--print-value-only')).toBe('3\n')
    const keys = async (...words: string[]) =>
      (await etcdctl('get', '/', '--prefix', '--keys-only', ...words)).split('\n').filter(Boolean).join(' ')
    expect(await keys()).toBe('/a /b /c')
    expect(await keys('--order', 'DESCEND')).toBe('/c /b /a')
    expect(await keys('--sort-by', 'MODIFY', '--order', 'DESCEND', '--limit', '2')).toBe('/a /c')
    expect(await keys('--sort-by', 'VALUE')).toBe('/b /c /a')
    expect(await etcdctl('del', '/', '--prefix', '--prev-kv')).toBe('3\n/a\n4\n/b\n1\n/c\n2\n')
    const json = JSON.parse(await etcdctl('get', '/a', '--write-out', 'json'))
    expect(json.header.revision).toBe(6)
  })

  it('runs transactions either way', async () => {
    await etcdctl('put', 'a', '1')
    const txn = 'mod("a") = "2"\nversion("b") = "0"\n\nput a 2\nput b 1\n\nget a\n\n'
    expect(await etcdctlWith(txn, 'txn')).toBe('SUCCESS\n\nOK\n\nOK\n')
    expect(await etcdctlWith(txn, 'txn')).toBe('FAILURE\n\na\n2\n')
  })

  it('watches from a revision of the past and goes on live', async () => {
    await etcdctl('put', 'a', '1')
    await etcdctl('del', 'a')
    const child = spawn(program, ['watch', 'a', '--rev', '2', '--prev-kv'], { env: environment() })
    let output = ''
    const shown = (text: string) =>
      new Promise<void>((resolve) => {
        const look = (): void => (output.includes(text) ? resolve() : undefined)
        child.stdout.on('data', look)
        look()
      })
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    await shown('DELETE\na\n1\na\n\n')
    await etcdctl('put', 'a', 'live')
    await shown('live\n')
    child.kill()
    expect(output).toBe('PUT\na\n1\nDELETE\na\n1\na\n\nPUT\na\nlive\n')
  })

  it('hears that what it asks for is compacted', async () => {
    for (const value of ['1', '2', '3']) await etcdctl('put', 'a', value)
    expect(await etcdctl('compact', '3', '--physical')).toBe('compacted revision 3\n')
    await expect(etcdctl('get', 'a', '--rev', '2')).rejects.toThrow('required revision has been compacted')
    await expect(etcdctl('watch', 'a', '--rev', '2')).rejects.toThrow('required revision has been compacted')
    await expect(etcdctl('compact', '3')).rejects.toThrow('required revision has been compacted')
    await expect(etcdctl('compact', '99')).rejects.toThrow('required revision is a future revision')
  })

  it('grants, uses, lists, keeps alive and revokes leases', async () => {
    const granted = await etcdctl('lease', 'grant', '60')
    const id = /^lease ([0-9a-f]+) granted with TTL\(60s\)$/m.exec(granted)?.[1] as string
    await etcdctl('put', 'a', '1', '--lease', id)
    expect(await etcdctl('lease', 'timetolive', id, '--keys')).toMatch(
      /granted with TTL\(60s\), remaining\(\d+s\), attached keys\(\[a\]\)/,
    )
    expect(await etcdctl('lease', 'list')).toContain(id)
    expect(await etcdctl('lease', 'keep-alive', '--once', id)).toContain('keepalived with TTL(60)')
    expect(await etcdctl('lease', 'revoke', id)).toBe(`lease ${id} revoked\n`)
    expect(await etcdctl('get', 'a')).toBe('')
    await expect(etcdctl('lease', 'revoke', id)).rejects.toThrow('requested lease not found')
    expect(await etcdctl('lease', 'timetolive', id)).toBe(`lease ${id} already expired\n`)
  })

  it('sees a healthy member and its size', async () => {
    expect(await etcdctl('member', 'list')).toContain(`started, podium, , ${door.url}, false`)
    expect(await etcdctl('endpoint', 'status')).toContain(`127.0.0.1:${door.port}, 1, 3.5.16`)
    expect(await etcdctl('defrag')).toContain('Finished defragmenting')
    await etcdctl('endpoint', 'health') // fails when it is not
  })

  it('is told of an alarm, puts nothing until it is disarmed, and reads and deletes meanwhile', async () => {
    await etcdctl('put', 'a', 'kept')
    await etcdctl('put', 'b', 'in the way')
    expect(await etcdctl('alarm', 'list')).toBe('')
    await store.setAlarm('NOSPACE', true)
    expect(await etcdctl('alarm', 'list')).toBe('memberID:1 alarm:NOSPACE \n')
    await expect(etcdctl('put', 'a', '2')).rejects.toThrow('etcdserver: mvcc: database space exceeded')
    await expect(etcdctl('lease', 'grant', '60')).rejects.toThrow('etcdserver: mvcc: database space exceeded')
    expect(await etcdctl('get', 'a', '--print-value-only')).toBe('kept\n')
    expect(await etcdctl('del', 'b')).toBe('1\n')
    expect(await etcdctl('endpoint', 'status')).toContain('memberID:1 alarm:NOSPACE')
    expect(await etcdctl('alarm', 'disarm')).toBe('memberID:1 alarm:NOSPACE \n')
    expect(await etcdctl('alarm', 'list')).toBe('')
    expect(await etcdctl('put', 'a', '2')).toBe('OK\n')
  })

  it('hears that there are no users', async () => {
    await expect(etcdctl('auth', 'enable')).rejects.toThrow('etcdserver: root user does not exist')
    expect(await etcdctl('user', 'list')).toBe('')
    await expect(etcdctl('user', 'add', 'root', '--no-password')).rejects.toThrow('users and roles are not supported')
  })

  it('holds a lock', async () => {
    expect(await etcdctl('lock', 'mutex', 'echo', 'held')).toContain('held')
  })
})

describe('a snapshot', () => {
  const save = async () => {
    const file = join(directory, 'saved.db')
    await etcdctl('snapshot', 'save', file)
    return file
  }
  const etcdutl = async (...words: string[]) =>
    (await run(join(ETCD_35, 'etcdutl'), words, { timeout: 60_000, cwd: directory })).stdout

  beforeEach(async () => {
    program = 'etcdctl'
    await store.grantLease(600, 0x7adbeefdeadbeefen)
    await etcdctl('put', 'leased', '1', '--lease', '7adbeefdeadbeefe')
    // Over several levels of pages, one of them larger than a page.
    for (let first = 0; first < 6000; first += 1000) {
      const success = Array.from({ length: 1000 }, (_, i) => {
        const value = Buffer.from('v'.repeat((first + i) % 300))
        return { type: 'put', key: `key-${first + i}`, value } as const
      })
      await store.txn({ compare: [], success, failure: [] })
    }
    await store.txn({
      compare: [],
      success: [{ type: 'put', key: 'large', value: Buffer.alloc(1e6, 'x') }],
      failure: [],
    })
    await etcdctl('del', 'key-1', 'key-2')
    await store.compact(5)
  })

  it('is a database of whose every page etcd’s own tools approve', async () => {
    const file = await save()
    const status = JSON.parse(await etcdutl('snapshot', 'status', file, '--write-out', 'json'))
    expect(status).toMatchObject({ revision: store.revision, totalKey: expect.any(Number) })
    expect(status.totalKey).toBeGreaterThan(4800)
    expect(JSON.parse(await etcdctl('snapshot', 'status', file, '--write-out', 'json'))).toEqual(status)
  })

  it('brings a real etcd to the same keys, leases and hash, which then goes on', async () => {
    await etcdutl('snapshot', 'restore', await save(), '--data-dir', join(directory, 'etcd'))
    await using etcd = await startEtcd({ program: join(ETCD_35, 'etcd'), directory: join(directory, 'etcd') })
    const there = async (...words: string[]) =>
      (await run(join(ETCD_35, 'etcdctl'), words, { env: environment(etcd.url), maxBuffer: 1e9 })).stdout
    const ask = ['get', '', '--prefix', '--write-out', 'json']
    const { kvs } = JSON.parse(await there(...ask))
    program = join(ETCD_35, 'etcdctl')
    const mine = await run(program, ask, { env: environment(), maxBuffer: 1e9 })
    expect(kvs.length).toBeGreaterThan(4800)
    expect(kvs).toEqual(JSON.parse(mine.stdout).kvs)
    const hash = JSON.parse(await there('endpoint', 'hashkv', '--write-out', 'json'))[0].HashKV
    expect(hash).toMatchObject({ hash: (await store.hashKeys()).hash, compact_revision: 5 })
    expect(await there('lease', 'timetolive', '7adbeefdeadbeefe', '--keys')).toContain('attached keys([leased])')
    expect(await there('put', 'more', '1')).toBe('OK\n')
  })

  it('of a real etcd is taken in by ours', async () => {
    await etcdutl('snapshot', 'restore', await save(), '--data-dir', join(directory, 'etcd'))
    await using etcd = await startEtcd({ program: 'etcd', directory: join(directory, 'fresh') })
    const there = (...words: string[]) => run('etcdctl', words, { env: environment(etcd.url) })
    for (const value of ['1', '2', '3']) await there('put', 'a', value)
    await there('del', 'a')
    await there('put', 'b', 'kept')
    await there('compact', '4')
    const file = join(directory, 'theirs.db')
    await there('snapshot', 'save', file)
    const copy = join(directory, 'copy')
    const bytes = await nodeDisk.read(file)
    await restoreStore({ directory: copy, snapshot: piece(bytes) })
    const restored = await openStore({ directory: copy, clock: systemClock })
    expect(restored.revision).toBe(6)
    expect(restored.compactRevision).toBe(4)
    expect((await restored.range({ key: 'a', revision: 4 })).kvs[0]?.value.toString()).toBe('3')
    expect((await restored.range({ key: 'a' })).count).toBe(0)
    expect((await restored.range({ key: 'b' })).kvs[0]).toMatchObject({ createRevision: 6, version: 1 })
    await restored.close()
  })

  async function* piece(bytes: Buffer) {
    yield bytes
  }
})

describe('curl', () => {
  const curl = async (path: string, body?: object) => {
    const words = body ? ['--data', JSON.stringify(body)] : []
    return JSON.parse((await run('curl', ['--silent', `${door.url}${path}`, ...words])).stdout)
  }
  const base64 = (text: string) => Buffer.from(text).toString('base64')

  it('puts and gets through the JSON gateway', async () => {
    expect(await curl('/v3/kv/put', { key: base64('a'), value: base64('1') })).toMatchObject({
      header: { revision: '2' },
    })
    expect(await curl('/v3/kv/range', { key: base64('a') })).toMatchObject({
      kvs: [{ key: base64('a'), value: base64('1'), mod_revision: '2', version: '1' }],
      count: '1',
    })
  })

  it('runs a transaction', async () => {
    const txn = {
      compare: [{ target: 'CREATE', result: 'EQUAL', key: base64('a'), createRevision: '0' }],
      success: [{ requestPut: { key: base64('a'), value: base64('1') } }],
      failure: [],
    }
    expect(await curl('/v3/kv/txn', txn)).toMatchObject({ succeeded: true, responses: [{ response_put: {} }] })
    expect((await curl('/v3/kv/txn', txn)).succeeded).toBeUndefined()
  })

  it('watches, one line for each message', async () => {
    await curl('/v3/kv/put', { key: base64('a'), value: base64('1') })
    const body = JSON.stringify({ create_request: { key: base64('a'), start_revision: '2' } })
    const child = spawn('curl', ['--silent', '--no-buffer', `${door.url}/v3/watch`, '--data', body])
    let output = ''
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        output += chunk
        if (output.split('\n').length > 3) resolve()
        else if (output.split('\n').length > 2) void curl('/v3/kv/put', { key: base64('a'), value: base64('2') })
      })
    })
    child.kill()
    const events = output
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).result)
    expect(events).toMatchObject([
      { created: true },
      { events: [{ kv: { mod_revision: '2', value: base64('1') } }] },
      { events: [{ kv: { mod_revision: '3', value: base64('2') } }] },
    ])
  })

  it('keeps a lease alive and takes a snapshot', async () => {
    const { ID } = await curl('/v3/lease/grant', { TTL: 60 })
    await store.revokeLease(BigInt(ID))
    // As a number it is more than one of JavaScript's could hold.
    const { stdout: granted } = await run('curl', ['-s', `${door.url}/v3/lease/grant`, '-d', `{"TTL":60,"ID":${ID}}`])
    expect(JSON.parse(granted)).toMatchObject({ ID, TTL: '60' })
    expect(await curl('/v3/lease/keepalive', { ID })).toMatchObject({ result: { ID, TTL: '60' } })
    expect(await curl('/v3/kv/lease/leases', {})).toMatchObject({ leases: [{ ID }] })
    const { stdout } = await run('curl', ['--silent', `${door.url}/v3/maintenance/snapshot`, '--data', '{}'])
    const blobs = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => Buffer.from(JSON.parse(line).result.blob ?? '', 'base64'))
    expect(Buffer.concat(blobs).readUInt32LE(16)).toBe(0xed0cdaed)
  })

  it('asks how it is, in etcd’s words', async () => {
    await curl('/v3/kv/put', { key: base64('a'), value: base64('1') })
    expect(await curl('/v3/maintenance/hashkv', {})).toMatchObject({ hash: (await store.hashKeys()).hash })
    expect(await curl('/v3/maintenance/alarm', { action: 'ACTIVATE', alarm: 'NOSPACE' })).toMatchObject({
      alarms: [{ memberID: '1', alarm: 'NOSPACE' }],
    })
    expect(await curl('/health')).toEqual({ health: 'false', reason: 'ALARM NOSPACE' })
    expect(await curl('/health?exclude=NOSPACE')).toEqual({ health: 'true', reason: '' })
    await curl('/v3/maintenance/alarm', { action: 'DEACTIVATE', alarm: 'NOSPACE' })
    expect(await curl('/v3/auth/status', {})).toMatchObject({ authRevision: '1' })
    expect(await curl('/v3/auth/enable', {})).toMatchObject({
      code: 9,
      message: 'etcdserver: root user does not exist',
    })
    const { stdout } = await run('curl', ['--silent', `${door.url}/metrics`])
    for (const line of [
      'etcd_server_has_leader 1',
      'etcd_mvcc_put_total 1',
      'etcd_debugging_mvcc_current_revision 2',
      'grpc_server_handled_total{grpc_code="OK",grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"} 1',
      'etcd_disk_wal_fsync_duration_seconds_count 1',
    ]) {
      expect(stdout.split('\n')).toContain(line)
    }
  })

  it('is told what was wrong', async () => {
    expect(await curl('/v3/kv/range', { revision: '99', key: base64('a') })).toMatchObject({ code: 11 })
    expect(await curl('/v3/kv/range', { nonsense: 1 })).toMatchObject({ code: 3, error: 'unknown field "nonsense"' })
    expect(await curl('/health')).toMatchObject({ health: 'true' })
  })
})
