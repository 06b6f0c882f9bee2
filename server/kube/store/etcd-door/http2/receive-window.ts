// How much a client may send before it is granted more. What it sends is used at once, so it is granted as much again as
// has come, in few words: whenever that is half of all.

import { ConnectionError } from './frames.ts'

export class ReceiveWindow {
  readonly #size: number
  #received = 0

  constructor(size: number) {
    this.#size = size
  }

  /** Returns how much is to be granted now. */
  take(bytes: number): number {
    this.#received += bytes
    if (this.#received > this.#size) throw new ConnectionError('FLOW_CONTROL_ERROR', 'more than was granted')
    if (this.#received <= this.#size / 2) return 0
    const granted = this.#received
    this.#received = 0
    return granted
  }
}
