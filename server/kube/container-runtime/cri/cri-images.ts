// A CRI runtime's images.

import { ImagePullError, type ImageStatus } from '../container-runtime.ts'
import { type CriClient, tolerate } from './cri-client.ts'
import { imageOf } from './cri-status.ts'
import { VERBS } from './messages.ts'

const PULL_MS = 3_600_000

export class CriImages {
  readonly #client: CriClient
  readonly #pauseImage: string

  constructor({ client, pauseImage }: { client: CriClient; pauseImage: string }) {
    this.#client = client
    this.#pauseImage = pauseImage
  }

  async status(image: string): Promise<ImageStatus | undefined> {
    const { image: found } = await this.#client.call(VERBS.imageStatus, { image: { image }, verbose: false })
    return found && imageOf(found, this.#pauseImage)
  }

  async pull(image: string, auth?: { username: string; password: string }): Promise<ImageStatus> {
    try {
      await this.#client.call(VERBS.pullImage, { image: { image }, auth }, PULL_MS)
    } catch (err) {
      throw new ImagePullError(err instanceof Error ? err.message : String(err), { cause: err })
    }
    const status = await this.status(image)
    if (!status) throw new ImagePullError(`image ${image} was pulled but is not there`)
    return status
  }

  async list(): Promise<ImageStatus[]> {
    const { images } = await this.#client.call(VERBS.listImages, {})
    return images.map((image) => imageOf(image, this.#pauseImage))
  }

  async remove(image: string): Promise<void> {
    await tolerate(this.#client.call(VERBS.removeImage, { image: { image } }))
  }
}
