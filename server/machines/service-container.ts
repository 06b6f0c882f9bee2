// A container that all clusters of an installation share. The one that runs is kept when it is what is meant, and replaced
// when it is not.
import type Docker from 'dockerode'
import { nameOnEngine } from './installation.ts'
import { LABELS } from './labels.ts'

export interface ServiceContext {
  docker: Docker
  stateDir: string
  installation: string
  log: (line: string) => void
}

interface Service {
  name: string
  image: string
  /** What it serves: another content is another container. */
  content: string
  command?: string[]
  binds: string[]
  network: string
  address: string
}

const CONTENT = 'podium.registry'

export async function runService(context: ServiceContext, service: Service): Promise<void> {
  const { docker, installation } = context
  const { network, address, content } = service
  const name = serviceName(context, service.name)
  const existing = docker.getContainer(name)
  const found = await existing.inspect().catch(() => undefined)
  if (found) {
    const isCurrent =
      found.State.Running &&
      found.Config.Labels[CONTENT] === content &&
      found.NetworkSettings.Networks[network]?.IPAddress === address
    if (isCurrent) return
    await existing.remove({ force: true, v: true })
  }
  const container = await docker.createContainer({
    name,
    Image: service.image,
    Labels: { [LABELS.owner]: '1', [LABELS.home]: installation, [LABELS.role]: 'registry', [CONTENT]: content },
    ...(service.command && { Cmd: service.command }),
    HostConfig: {
      Init: true,
      Binds: service.binds,
      NetworkMode: network,
      RestartPolicy: { Name: 'unless-stopped' },
      CapDrop: ['ALL'],
      CapAdd: ['NET_BIND_SERVICE'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Memory: 256 * 1024 ** 2,
      PidsLimit: 200,
    },
    NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: address } } } },
  })
  await container.start()
}

export const serviceName = ({ installation }: Pick<ServiceContext, 'installation'>, name: string): string =>
  nameOnEngine(installation, name)
