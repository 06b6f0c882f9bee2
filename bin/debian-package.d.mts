export interface DebianPackage {
  name: string
  version: string
  /** Where it lies in the archive. */
  filename: string
  sha256: string
}

export interface DebianSuite {
  suite: string
  architecture: string
  resolve(name: string): Promise<DebianPackage>
  /** Verified; `file` is the .deb in the cache. */
  download(name: string): Promise<DebianPackage & { file: string }>
  downloadAndUnpack(name: string, into: string): Promise<DebianPackage & { file: string }>
  unpackSource(name: string, into: string): Promise<void>
}

export function debianMirror(): Promise<string>
export function mirrorIn(sources: string): string | undefined
export function debianArchitecture(): Promise<string>
export function openDebianSuite(options: {
  suite: string
  cacheDir?: string
  mirror?: string
  architecture?: string
  withSources?: boolean
}): Promise<DebianSuite>
