import type { Browser } from '../front-door.ts'

/** For callers without a socket. */
export const noBrowser: Browser = {
  address: '192.0.2.1',
  token: undefined,
  remember: () => undefined,
  forget: () => undefined,
}
