// What a cluster asks of whoever has machines. The data centre (server/machines) implements it; simulated nodes need none.

/**
 * One private network per cluster; the machines on it are worker nodes-to-be. Disposed of when nobody here needs it any
 * more, with the machines of every cluster on disk.
 */
export interface MachineProvider extends AsyncDisposable {
  /**
   * `gatewayAddress` is where the API server and DNS listen for machines; only the named ports are open towards it.
   * Adopts what is there under the cluster's name, so it may be called again after a restart.
   */
  createNetwork(request: { cluster: string; openTcpPorts: number[]; openUdpPorts: number[] }): Promise<MachineNetwork>
  createMachine(request: { cluster: string; name: string; ordinal: number; network: MachineNetwork }): Promise<Machine>
  /** Machines of the cluster that outlived the process that made them, running or stopped. */
  listMachines(cluster: string): Promise<Machine[]>
  /** Afterwards no machine, disk, network or rule of the cluster is left. Safe to repeat. */
  deleteCluster(cluster: string): Promise<void>
}

export interface MachineNetwork {
  cluster: string
  name: string
  bridge: string
  subnet: string
  gatewayAddress: string
  /** Addresses of it that no machine gets: for load balancers. */
  loadBalancerRange: string
}

export interface MachineFile {
  path: string
  mode: number
  content: string | Buffer
}

export interface Machine {
  readonly name: string
  readonly address: string
  readonly id: string
  state(): Promise<'running' | 'paused' | 'stopped' | 'gone'>
  /**
   * Writes root-owned files (absolute paths inside the machine). Where that changes any, or `isAnew` is said, the node agent
   * starts again; resolves when the one before is gone.
   */
  configure(files: MachineFile[], options?: { isAnew?: boolean }): Promise<void>
  /** Goes on from where it was paused, else boots. */
  start(): Promise<void>
  /** Everything on it stands still where it is, in memory. */
  pause(): Promise<void>
  /** The disk is kept. */
  stop(): Promise<void>
  kill(): Promise<void>
  /** Runs a command as the machine's root in all its namespaces. */
  exec(command: string[], input?: string): Promise<{ exitCode: number; stdout: string; stderr: string }>
  /** Cuts or mends the machine's network, from the host's end of its link. */
  link(state: 'up' | 'down'): Promise<void>
  delete(): Promise<void>
}
