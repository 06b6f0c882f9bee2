// The registry that learners push to, as the host has it: one container per installation beside the read-only one (what
// runs in it is in push-registry/). Each cluster has a part that bears its name (push-access.ts), and
// nothing any more when it is deleted.
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PresentImage } from './build-images.ts'
import { statusOf } from './docker-error.ts'
import { PUSH_ADDRESS } from './push-access.ts'
import { ensureRegistryCertificates } from './registry-certificates.ts'
import { removeContainer } from './remove-container.ts'
import { runService, type ServiceContext, serviceName } from './service-container.ts'

const NAME = 'push-registry'
/** What the images of one cluster may take. */
const QUOTA_BYTES = 1024 ** 3

export async function startPushRegistry(
  context: ServiceContext,
  options: { images: readonly PresentImage[]; network: string; address: string },
): Promise<void> {
  const image = options.images.find(({ recipe }) => recipe.name === NAME)
  if (!image) throw new Error('the image set has no registry to push to')
  const { pushDirectory } = await ensureRegistryCertificates(context.stateDir)
  const data = dataIn(context)
  await mkdir(data, { recursive: true, mode: 0o700 })
  await runService(context, {
    name: NAME,
    image: image.reference,
    content: image.hash,
    command: [PUSH_ADDRESS, String(QUOTA_BYTES)],
    binds: [`${data}:/var/lib/registry`, `${pushDirectory}:/keys:ro`],
    network: options.network,
    address: options.address,
  })
}

export const stopPushRegistry = (context: ServiceContext): Promise<void> =>
  removeContainer(context.docker, serviceName(context, NAME))

/** Layers that others have as well stay; the registry finds out which. */
export async function forgetImages(context: ServiceContext, cluster: string): Promise<void> {
  const theirs = join(dataIn(context), 'docker/registry/v2/repositories', cluster)
  if (!existsSync(theirs)) return
  await rm(theirs, { recursive: true, force: true })
  await context.docker
    .getContainer(serviceName(context, NAME))
    .kill({ signal: 'SIGHUP' })
    .catch((err: unknown) => {
      if (statusOf(err) !== 404 && statusOf(err) !== 409) throw err // it does not run, and collects when it starts
    })
}

const dataIn = ({ stateDir }: Pick<ServiceContext, 'stateDir'>) => join(stateDir, NAME)
