// A tab as a browser has it, on a real container: typed into, resized, left and found again.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClusterInfo } from '../../kube/cluster/index.ts'
import type { DataCentre } from '../../machines/index.ts'
import { openTestDataCentre } from '../../machines/test-data-centre.ts'
import { containerShells } from './container-shells.ts'
import { TerminalRoom } from './terminal-room.ts'
import type { TerminalSocket } from './terminal-session.ts'

const CLUSTER = 'test-shells'
const info: ClusterInfo = {
  name: CLUSTER,
  state: 'ready',
  message: '',
  server: '',
  kubeconfig: '',
  superKubeconfig: '',
  networkKubeconfig: 'kind: Config\n',
  network: null,
  machines: [],
  etcd: 'https://127.0.0.1:2379',
  pid: 0,
}

class Screen implements TerminalSocket {
  text = ''
  messages: object[] = []
  readonly buffered = 0
  #changed = Promise.withResolvers<void>()
  sendBytes(data: Uint8Array) {
    this.text += Buffer.from(data).toString()
    this.#tell()
  }
  sendMessage(message: object) {
    this.messages.push(message)
    this.#tell()
  }
  drop() {}
  async shows(text: string | RegExp): Promise<string> {
    while (!this.text.match(text)) await this.#changed.promise
    return this.text
  }
  async hears(key: string): Promise<object> {
    for (;;) {
      const found = this.messages.find((message) => key in message)
      if (found) return found
      await this.#changed.promise
    }
  }
  #tell() {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

let dataCentre: DataCentre
let room: TerminalRoom

beforeAll(async () => {
  dataCentre = await openTestDataCentre()
  await dataCentre.deleteCluster(CLUSTER)
  await dataCentre.createNetwork({ cluster: CLUSTER, openTcpPorts: [6443], openUdpPorts: [53] })
  const began = performance.now()
  room = new TerminalRoom(await containerShells({ dataCentre, info, stateDir: dataCentre.stateDir }))
  const tab = await room.tab('1')
  await tab.prompted
  console.log(`from nothing to a prompt in ${Math.round(performance.now() - began)} ms`)
})

afterAll(async () => {
  await room?.close()
  await dataCentre?.deleteCluster(CLUSTER)
})

describe('a tab on a real container', () => {
  it('runs what is typed, at the size the browser has', async () => {
    const screen = new Screen()
    const { session } = await room.attach('1', screen)
    await screen.hears('ready')
    session?.resize({ columns: 97, rows: 31 })
    session?.write(Buffer.from('stty size; echo "I am $(whoami)"\r'))
    expect(await screen.shows(/I am learner/)).toMatch(/31 97/)
  })

  it('is found as it was left, by a browser that comes back', async () => {
    const before = new Screen()
    const first = await room.attach('1', before)
    await before.hears('ready')
    first[Symbol.dispose]()
    first.session?.write(Buffer.from('echo meanwhile $((6 * 7))\r'))
    const after = new Screen()
    await room.attach('1', after)
    await after.shows('meanwhile 42')
    expect(after.text).toContain('I am learner')
  })

  it('has tabs that do not share a shell', async () => {
    const screen = new Screen()
    expect(room.add()).toBe('2')
    const { session } = await room.attach('2', screen)
    session?.write(Buffer.from('exit 7\r'))
    expect(await screen.hears('exit')).toEqual({ exit: 7 })
    const again = new Screen()
    const reopened = await room.attach('2', again)
    reopened.session?.write(Buffer.from("echo b''ack\r"))
    await again.shows('back')
  })

  it('stops printing for nobody', async () => {
    const screen = new Screen()
    const { session } = await room.attach(room.add(), screen)
    await screen.hears('ready')
    session?.write(Buffer.from('seq 1 300000; echo end-of-it\r'))
    await screen.shows(/\nend-of-it/)
    expect(screen.text).toContain('300000')
  })

  it('is called after the command that runs, and knows whether it still does', async () => {
    const screen = new Screen()
    const tab = room.add()
    const { session } = await room.attach(tab, screen)
    await screen.hears('ready')
    session?.write(Buffer.from("echo b''egun; cat\r"))
    await screen.shows('begun')
    // Screens are sent bytes at once; what they mean is read a moment later.
    const title = () => room.tabs.find(({ name }) => name === tab)?.title
    while (title() === `shell ${tab}`) await new Promise(setImmediate)
    expect(title()).toBe("echo b''egun; cat")
    session?.write(Buffer.from('x\r'))
    await screen.shows(/\nx\r\nx/)
    expect(await room.remove(tab, { force: false })).toEqual({ running: 'cat' })
    session?.write(Buffer.from('\x04'))
    await screen.shows(/\nx\r\nx\r\n.*\$ $/s)
    expect(await session?.running()).toBe('')
    expect(await room.remove(tab, { force: false })).toEqual({ running: '' })
    expect(room.tabs.some(({ name }) => name === tab)).toBe(false)
  })

  it.each(['echo "half', 'cat <<END'])('knows that %s is not a whole line, and Ctrl+C gives it up', async (half) => {
    const screen = new Screen()
    const tab = room.add()
    const { session } = await room.attach(tab, screen)
    await screen.hears('ready')
    session?.write(Buffer.from(`${half}\r`))
    while (!(await room.isUnfinished(tab))) await new Promise(setImmediate)
    expect(await session?.running()).toBe('')
    session?.write(Buffer.from('\x03'))
    while (await room.isUnfinished(tab)) await new Promise(setImmediate)
    session?.write(Buffer.from("\x05\x15echo alo''ne\r"))
    await screen.shows('alone')
  })

  it('is told so by homes with an older .bashrc as well, which sets what is done at a prompt', async () => {
    await room.run(`cp ~/.bashrc ~/kept; echo "PROMPT_COMMAND='history -a'" > ~/.bashrc`)
    const screen = new Screen()
    const tab = room.add()
    const { session } = await room.attach(tab, screen)
    await screen.hears('ready')
    session?.write(Buffer.from('echo "half\r'))
    while (!(await room.isUnfinished(tab))) await new Promise(setImmediate)
    session?.write(Buffer.from('\x03'))
    while (await room.isUnfinished(tab)) await new Promise(setImmediate)
    await room.run('mv ~/kept ~/.bashrc')
  })

  it('gives no shell on a machine that is not of this cluster', async () => {
    const screen = new Screen()
    await room.attach(room.add('node-9'), screen)
    expect(screen.text).toBe('Your cluster has no machine "node-9".\r\n')
  })
})
