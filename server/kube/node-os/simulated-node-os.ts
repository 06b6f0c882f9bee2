// A machine that is not there: files vanish, commands succeed, everything answers. For hollow nodes.

import { Readable } from 'node:stream'
import type { MachineInfo, NodeOs } from './node-os.ts'

export function createSimulatedNodeOs(machine: Partial<MachineInfo> & { hostname: string }): NodeOs {
  const info: MachineInfo = {
    machineId: machine.hostname,
    bootId: machine.hostname,
    kernelVersion: 'simulated',
    osImage: 'Podium simulated node',
    architecture: 'amd64',
    cpus: 4,
    memoryBytes: 8 * 2 ** 30,
    diskBytes: 40 * 2 ** 30,
    ...machine,
  }
  return {
    machine: async () => info,
    usage: async () => undefined,
    processes: async () => undefined,
    fileSystem: async () => undefined,
    diskUsage: async () => ({ bytes: 0, inodes: 0 }),
    readFile: async () => undefined,
    writeFile: async () => undefined,
    list: async () => [],
    watchDirectory: () => ({ [Symbol.dispose]: () => undefined }),
    kindOf: async () => 'directory',
    makeDirectory: async () => undefined,
    remove: async () => undefined,
    link: async () => undefined,
    setOwnership: async () => undefined,
    bind: async () => undefined,
    bindInside: async () => undefined,
    readInside: async () => undefined,
    mountLayers: async () => undefined,
    publish: async () => undefined,
    mountTmpfs: async () => undefined,
    mountRemote: async () => undefined,
    unmount: async () => undefined,
    setCgroup: async () => [],
    removeCgroup: async () => undefined,
    run: async () => ({ exitCode: 0, stdout: '', stderr: '' }),
    start: () => ({
      stdout: Readable.from([]),
      stderr: Readable.from([]),
      ended: Promise.resolve('exit code 0'),
      kill: () => undefined,
    }),
    connectTcp: async () => undefined,
    grpc: () => Promise.reject(new Error('nothing listens here')),
    openNetns: () => ({
      dial: () => Promise.reject(new Error('ECONNREFUSED')),
      [Symbol.dispose]: () => undefined,
    }),
    grpcHealth: async () => ({ status: 'SERVING' }),
    httpGet: async () => ({ status: 200, body: '' }),
  }
}
