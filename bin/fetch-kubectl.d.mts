export function fetchKubectl(options: {
  version: '1.36' | '1.32' | '1.20'
  into?: string
  cacheDir?: string
}): Promise<string>
