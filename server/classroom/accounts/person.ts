// Whoever asks for something. Everything else about a person is read where it is needed.

export interface Person {
  readonly id: string
  readonly name: string
  /** May do everything in every class, and look after accounts. */
  readonly isAdmin: boolean
  /** Came by a join code with a name only. */
  readonly isGuest: boolean
}

export const selectPerson = { id: true, name: true, isAdmin: true, isGuest: true } as const
