// The cookie that keeps a browser logged in. Named after the port, for browsers send the cookies of one host to all of its
// ports; over TLS with the prefix that lets no other host or plain page set it.

export interface LoginCookie {
  read(header: string | undefined): string | undefined
  /** Values of a Set-Cookie header. */
  set(token: string): string
  clear(): string
}

/** Browsers keep none for longer. Whether it still works is decided by the classroom. */
const MAX_AGE_SECONDS = 400 * 24 * 60 * 60

export function loginCookie({ port, secure }: { port: number; secure: boolean }): LoginCookie {
  const name = `${secure ? '__Host-' : ''}podium-${port}`
  const rest = `Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
  return {
    read(header) {
      const pairs = (header ?? '').split(';').map((pair) => pair.trim())
      return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
    },
    set: (token) => `${name}=${token}; Max-Age=${MAX_AGE_SECONDS}; ${rest}`,
    clear: () => `${name}=; Max-Age=0; ${rest}`,
  }
}
