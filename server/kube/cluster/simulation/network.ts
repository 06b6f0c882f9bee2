// The lines between a simulated cluster's processes: slow, broken and lying now and then, as the seed says. What arrives
// at the API server is answered by the real one.

import { setImmediate as breath } from 'node:timers/promises'
import type { FakeClock } from '../../../base/clock.ts'
import { type KubeObject, revisionOf } from '../../apimachinery/object-meta.ts'
import { conflict, StatusError } from '../../apimachinery/status-error.ts'
import { eachOf, type Transport, type TransportRequest } from '../../client/transport.ts'
import type { Dice } from '../../store/testing/seeded-random.ts'
import { Chronicle, inShort } from './chronicle.ts'

export interface Identity {
  user: string
  groups: string[]
  client: string
}

export interface Weather {
  isBad: boolean
  /** Also the answers to writes that were done are lost: then nobody can help doing some things twice. */
  losesAnswers: boolean
}

/** Nobody answers at the moment. */
export const isDown = (err: unknown) => err instanceof Error && /ECONN/.test(err.message)

const MEASURES = '/apis/metrics.k8s.io/'
/** Of a whole storm; most have three thousand. */
const MOST_REQUESTS = 15_000
/** Of one process, a second, as a client's own limit would have it: a server on no clock answers any number at once. */
const REQUESTS_A_SECOND = 200

export class Network {
  readonly clock: FakeClock
  readonly dice: Dice
  readonly weather: Weather
  readonly chronicle: Chronicle
  /** Undefined while the API server is down. */
  server: ((identity: Identity) => Transport) | undefined
  /** Of the server's machine, and how often it has lost it: then nobody hears what became of a request. */
  hasPower: () => boolean = () => true
  powerCuts = 0
  /** Answers in place of a metrics server. */
  measure: () => object = () => ({})
  /** The newest revision of which somebody has been told that it is written. */
  newestAnswered = 0
  readonly problems: string[] = []
  #requests = 0

  constructor(clock: FakeClock, dice: Dice, weather: Weather) {
    this.clock = clock
    this.dice = dice
    this.weather = weather
    this.chronicle = new Chronicle(clock, dice)
  }

  /** One life of one process. */
  link(): Link {
    return new Link(this)
  }

  /** Where somebody goes round and round, nobody is answered any more, so that the storm comes to its end. */
  assertRest({ client }: Identity, { method, path }: TransportRequest): void {
    if (++this.#requests <= MOST_REQUESTS) return
    if (this.problems.length === 0) this.problems.push(`${client} never rests: ${method} ${path}`)
    throw new Error('nobody is answered any more')
  }

  /** The test's own, on which nothing goes wrong but that the server may be down. */
  trusted(client: string): Transport {
    return new Link(this, { isTrusted: true }).transport({ user: 'admin', groups: ['system:masters'], client })
  }
}

export class Link {
  readonly #network: Network
  readonly #isTrusted: boolean
  #isCut = false
  isPartitioned = false
  /** When all that was sent would have gone out one by one. */
  #sentBy = 0

  constructor(network: Network, { isTrusted = false } = {}) {
    this.#network = network
    this.#isTrusted = isTrusted
  }

  /** SIGKILL: nothing more is sent, and no answer arrives. */
  cut(): void {
    this.#isCut = true
  }

  transport(identity: Identity): Transport {
    return {
      request: (request) => this.#told(identity, request),
      watch: (request) => this.#watch(identity, request),
      stream: (request) => this.#server(identity).stream(request),
    }
  }

  #server(identity: Identity): Transport {
    if (this.#isCut) throw new Error('the process has been killed')
    const { server } = this.#network
    if (!server) throw new Error('connect ECONNREFUSED')
    return server(identity)
  }

  get #isRough(): boolean {
    return this.#network.weather.isBad && !this.#isTrusted
  }

  async #told(identity: Identity, request: TransportRequest): Promise<unknown> {
    const { chronicle } = this.#network
    const { method, path, query, body } = request
    chronicle.note(identity.client, method, path, JSON.stringify({ query, body }))
    try {
      const answer = await this.#request(identity, request)
      chronicle.note(identity.client, 'hears of', path, inShort(answer))
      return answer
    } catch (err) {
      chronicle.note(identity.client, 'hears of', path, inShort(err))
      throw err
    }
  }

  async #request(identity: Identity, request: TransportRequest): Promise<unknown> {
    const { dice, clock, weather } = this.#network
    const isWrite = request.method !== 'GET'
    if (!this.#isTrusted) {
      this.#network.assertRest(identity, request)
      await this.#haveTurn()
    }
    if (this.isPartitioned) {
      await clock.sleep(5_000)
      throw new Error('i/o timeout')
    }
    if (this.#isRough) {
      if (dice.chance(0.2)) await clock.sleep(dice.below(1_500))
      if (dice.chance(0.02)) throw new Error('read ECONNRESET')
      if (isWrite && dice.chance(0.03))
        throw new StatusError('InternalError', 'Internal error occurred: of the simulation')
      if ((request.method === 'PUT' || request.method === 'PATCH') && dice.chance(0.05)) {
        throw conflict({ group: '', resource: 'things' }, request.path, 'of the simulation')
      }
    }
    const { powerCuts } = this.#network
    const answer = await this.#answer(identity, request).finally(() => {
      if (this.#network.powerCuts !== powerCuts || !this.#network.hasPower()) throw new Error('read ECONNRESET')
    })
    if (isWrite) {
      this.#network.newestAnswered = Math.max(this.#network.newestAnswered, revisionOf((answer ?? {}) as KubeObject))
    }
    if (this.#isCut) throw new Error('the process has been killed')
    if (this.#isRough && isWrite && weather.losesAnswers && dice.chance(0.03)) throw new Error('read ECONNRESET')
    return answer
  }

  async #haveTurn(): Promise<void> {
    const { clock } = this.#network
    this.#sentBy = Math.max(this.#sentBy, clock.now()) + 1000 / REQUESTS_A_SECOND
    const ahead = this.#sentBy - clock.now()
    if (ahead > 1000) await clock.sleep(ahead - 1000)
  }

  async #answer(identity: Identity, request: TransportRequest): Promise<unknown> {
    const server = this.#server(identity)
    return request.path.startsWith(MEASURES) ? this.#network.measure() : server.request(request)
  }

  async #watch(identity: Identity, request: TransportRequest) {
    const { dice, clock, chronicle } = this.#network
    chronicle.note(identity.client, 'watches', request.path, JSON.stringify(request.query))
    if (this.isPartitioned) {
      await clock.sleep(5_000)
      throw new Error('i/o timeout')
    }
    const pieces = await this.#server(identity).watch(request)
    const link = this
    return (async function* () {
      for await (const event of eachOf(pieces)) {
        if (link.#isCut || link.isPartitioned) throw new Error('read ECONNRESET')
        if (link.#isRough && dice.chance(0.02)) throw new Error('read ECONNRESET')
        if (link.#isRough && dice.chance(0.15)) await clock.sleep(dice.below(4_000))
        chronicle.note(identity.client, event.type, event.object.kind, inShort(event.object))
        yield [event]
      }
      await breath()
    })()
  }
}
