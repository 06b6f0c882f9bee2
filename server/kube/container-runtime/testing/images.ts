import Docker from 'dockerode'

/** With its tag, as the engine has it. */
export async function imageCalled(name: string): Promise<string> {
  const images = await new Docker().listImages()
  const tag = images.flatMap(({ RepoTags }) => RepoTags ?? []).find((one) => one.startsWith(`podium/${name}:`))
  if (!tag) throw new Error(`podium images build has to run first: there is no podium/${name}`)
  return tag
}
